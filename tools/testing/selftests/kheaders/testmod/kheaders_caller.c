// SPDX-License-Identifier: GPL-2.0-only
/*
 * The other half: uses the exports of kheaders_greeter, and shows what it got as
 * its own parameter.
 */

#include <linux/module.h>
#include <linux/slab.h>

#include "kheaders_greeter.h"

static char *heard;
module_param(heard, charp, 0444);
MODULE_PARM_DESC(heard, "what kheaders_greeter said, set when this is loaded");

static int __init caller_init(void)
{
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
