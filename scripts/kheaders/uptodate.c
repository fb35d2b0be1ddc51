// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells whether the archive is up to date. Usage, from the object tree:
 *
 *	uptodate DIR KEY FILE...
 *	uptodate --note DIR KEY FILE...
 *
 * FILEs are the archive and what else is made with it, and KEY is what they depend on
 * besides files. Returns 0 if they are up to date, and 1 if they may not be. That costs
 * a stat() for each file that DIR/index (see stage.c) names.
 *
 * With --note, once they are made, writes DIR/key: the state of each FILE, and KEY.
 */

#include "index.h"

static bool is_current(const struct item *e)
{
	struct state now;
	struct stat st;

	if (e->from.mtime == UNSURE || stat(e->source, &st))
		return false;
	now = state_of(&st);
	if (same_state(&e->from, &now))
		return true;
	return S_ISDIR(st.st_mode) && hash_names(e->source) == e->hash;
}

/* What DIR/key holds if the FILEs are as they are now; NULL if one is not there. */
static char *key_text(int count, char **file, const char *key)
{
	size_t room = count * 100 + strlen(key) + 1, len = 0;
	char *text = xrealloc(NULL, room);
	struct state state;
	struct stat st;
	int i;

	for (i = 0; i < count; i++) {
		if (stat(file[i], &st))
			return NULL;
		state = state_of(&st);
		len += snprintf(text + len, room - len, "%lld %lld %lld %llu\n",
				state.mtime, state.ctime, state.size, state.ino);
	}
	snprintf(text + len, room - len, "%s", key);
	return text;
}

/* uptodate --note DIR KEY FILE... */
static int note(char *dir, char *key, int count, char **file)
{
	char *text = key_text(count, file, key);

	if (!text)
		die_errno("read", file[count - 1]);
	write_file(xasprintf("%s/%s", dir, "key"), text, strlen(text), 0644);
	return 0;
}

/* uptodate DIR KEY FILE... */
static int ask(char *dir, char *key, int count, char **file)
{
	char *now = key_text(count, file, key), *then;
	struct list index = { 0 };
	size_t i, len;
	struct stat st;

	then = read_file(xasprintf("%s/%s", dir, "key"), true, &len, &st);
	if (!now || !then || strcmp(now, then))
		return 1;
	if (!read_index(xasprintf("%s/%s", dir, "index"), NULL, &index))
		return 1;
	for (i = 0; i < index.count; i++)
		if (!is_current(&index.item[i]))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	bool notes = argc > 1 && !strcmp(argv[1], "--note");
	int first = notes ? 2 : 1;

	if (argc < first + 3)
		die("usage: uptodate [--note] DIR KEY FILE...");
	return (notes ? note : ask)(argv[first], argv[first + 1],
				    argc - first - 2, argv + first + 2);
}
