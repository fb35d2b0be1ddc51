// SPDX-License-Identifier: GPL-2.0-only
/*
 * The other half: uses the exports of kheaders_greeter, and shows what it got as
 * its own parameters.
 */

#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "kheaders_greeter.h"

static char *heard;
module_param(heard, charp, 0444);
MODULE_PARM_DESC(heard, "what kheaders_greeter said, set when this is loaded");

static int loader;
module_param(loader, int, 0444);
MODULE_PARM_DESC(loader, "which process loaded this, set when that is done");

static int __init caller_init(void)
{
	loader = kheaders_pid_of(current);
	heard = kheaders_greetings() ? kheaders_greeting() : NULL;
	return heard ? 0 : -ENOMEM;
}

static void __exit caller_exit(void)
{
	kfree(heard);
}

module_init(caller_init);
module_exit(caller_exit);
GREETER_IMPORT;
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Test module of kheaders: calls kheaders_greeter");
