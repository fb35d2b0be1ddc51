// SPDX-License-Identifier: GPL-2.0-only
/* See note.h. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../kernel/kheaders.h"
#include "directory.h"
#include "note.h"
#include "whole.h"

static void get_field(const char *text, const char *key, char *value, size_t size)
{
	size_t length = strlen(key);

	value[0] = '\0';
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (strncmp(text, key, length) || text[length] != ' ')
			continue;
		text += length + 1;
		snprintf(value, size, "%.*s", (int)strcspn(text, "\n"), text);
		return;
	}
}

bool note_read(int directory, const char *name, struct tree_note *note)
{
	char text[1024], prepared[8];
	int tree = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	bool ours;

	if (tree < 0)
		return false;
	/* Nobody else may have put it there. */
	ours = !fstat(tree, &st) && (!st.st_uid || st.st_uid == geteuid()) &&
	       !(st.st_mode & 0022) &&
	       directory_read(tree, NOTE_FILE, text, sizeof(text)) >= 0;
	close(tree);
	if (!ours)
		return false;
	get_field(text, "release", note->release, sizeof(note->release));
	get_field(text, "id", note->id, sizeof(note->id));
	get_field(text, "archive", note->archive, sizeof(note->archive));
	get_field(text, "symvers", note->symvers, sizeof(note->symvers));
	get_field(text, "prepared", prepared, sizeof(prepared));
	note->prepared = !strcmp(prepared, "yes");
	/* Both become parts of paths. */
	return release_is_sane(note->release) &&
	       strspn(note->archive, "0123456789abcdef") == DIGEST_MAX - 1;
}

bool note_write(int tree, const struct tree_note *note, const char *files)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool ok;

	if (!out)
		return false;
	fprintf(out, "# Made by \"kheaders\", which also removes it.\n"
		"kheaders " KHEADERS_VERSION "\n"
		"release %s\nid %s\narchive %s\nsymvers %s\nprepared %s\n",
		note->release, note->id, note->archive, note->symvers,
		note->prepared ? "yes" : "no");
	ok = whole_write_times(out, tree);
	fputs(files, out);
	ok = !fclose(out) && ok && directory_write(tree, NOTE_FILE, text, size);
	free(text);
	return ok;
}

bool note_fits(const struct tree_note *note, const struct kernel *kernel)
{
	if (strcmp(note->release, kernel->release))
		return false;
	if (kernel->digest[0])
		return !strcmp(note->archive, kernel->digest);
	return kernel->id[0] && !strcmp(note->id, kernel->id);
}
