// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sends a picture through a device of v4l2loopback's and compares what comes out.
 *
 *	video DEVICE
 *
 * Returns 0 if it is the same, 1 if not or where something failed, 2 if called wrongly.
 */

#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH	64
#define HEIGHT	48
#define SIZE	(WIDTH * HEIGHT * 2)

int main(int argc, char **argv)
{
	struct v4l2_format format = { .type = V4L2_BUF_TYPE_VIDEO_OUTPUT };
	static unsigned char sent[SIZE], received[SIZE];
	int in, out;
	size_t i;

	if (argc != 2) {
		fprintf(stderr, "usage: video DEVICE\n");
		return 2;
	}
	for (i = 0; i < SIZE; i++)
		sent[i] = i * i;
	in = open(argv[1], O_RDWR);
	format.fmt.pix.width = WIDTH;
	format.fmt.pix.height = HEIGHT;
	format.fmt.pix.pixelformat = V4L2_PIX_FMT_YUYV;
	format.fmt.pix.sizeimage = SIZE;
	if (in < 0 || ioctl(in, VIDIOC_S_FMT, &format)) {
		perror("video: the writer's format");
		return 1;
	}
	if (write(in, sent, SIZE) != SIZE) {
		perror("video: write");
		return 1;
	}
	out = open(argv[1], O_RDWR);
	if (out < 0 || read(out, received, SIZE) != SIZE) {
		perror("video: read");
		return 1;
	}
	return memcmp(sent, received, SIZE) != 0;
}
