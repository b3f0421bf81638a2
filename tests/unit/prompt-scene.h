#ifndef PROMPT_SCENE_H
#define PROMPT_SCENE_H

/* What the tests of prompts share. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "propose/fence.h"
#include "propose/prompt.h"

static struct error err = ERROR_INIT;

#define BASE "1111111111111111111111111111111111111111"
#define OLDER "2222222222222222222222222222222222222222"

/* A campaign with nothing in it but what the prompt cannot do without. */
struct scene {
	struct campaign_config config;
	struct prompt_file file;
	struct record records[3];
	struct prompt_experiment history[3];
	struct prompt_input input;
};

static inline void set_record(struct record *r, int64_t experiment, enum verdict_kind kind,
			      const char *reason, const char *subject, const char *base)
{
	r->experiment = experiment;
	strcpy(r->base, base);
	r->verdict.kind = kind;
	r->verdict.reason = (char *)reason;
	r->subject = (char *)subject;
	r->has_metric = r->has_incumbent = true;
	r->metric = 2.25;
	r->incumbent = 2.5;
}

static inline void set_scene(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	s->config.metric = "val_loss";
	s->config.limits = (struct limits){
		.memory = 512 << 20, .cpus = 2, .pids = 64, .disk = 256 << 20, .output = 1 << 20
	};
	s->config.phases[PHASE_RUN] = (struct command_spec){ "make run", 30 };
	string_list_add(&s->config.editable, "train.c");
	s->file = (struct prompt_file){ "train.c", "int a = 1;\n", 11 };
	set_record(&s->records[0], 8, VERDICT_FAILED, "exit 3", "a 1 -> 0", OLDER);
	set_record(&s->records[1], 7, VERDICT_REJECTED, "no-improvement", "a 1 -> 2", BASE);
	set_record(&s->records[2], 6, VERDICT_ACCEPTED, NULL, "a 3 -> 1", OLDER);
	s->records[0].has_metric = false;
	s->history[0] = (struct prompt_experiment){ .record = &s->records[0],
						    .patch = "+int a = 0;\n",
						    .patch_size = 12,
						    .log = "divided by zero\n",
						    .log_len = 16 };
	s->history[1] = (struct prompt_experiment){ .record = &s->records[1],
						    .patch = "-int a = 1;\n+int a = 2;\n",
						    .patch_size = 24 };
	s->history[2] = (struct prompt_experiment){ .record = &s->records[2], .patch = "" };
	s->input = (struct prompt_input){ .campaign = "lm",
					  .config = &s->config,
					  .program = "Keep it short.",
					  .experiment = 9,
					  .base = BASE,
					  .baseline = 3,
					  .incumbent = 2.5,
					  .incumbent_experiment = 6,
					  .editable = &s->file,
					  .editable_nr = 1,
					  .history = s->history,
					  .history_nr = 3 };
}

/* What a program gets. */
static inline char *build(const struct scene *s)
{
	struct prompt prompt = PROMPT_INIT;

	prompt_build_text(&s->input, &prompt);
	assert_int_equal(prompt.system.len, 0);
	return strbuf_detach(&prompt.user, NULL);
}

/* What a model is sent: both messages as they are printed. */
static inline char *build_messages(const struct scene *s)
{
	CLEANUP_PROMPT struct prompt prompt = PROMPT_INIT;
	struct strbuf out = STRBUF_INIT;

	assert_int_equal(prompt_build(&s->input, &prompt, &err), 0);
	prompt_write(&prompt, &out);
	return strbuf_detach(&out, NULL);
}

static inline void release_scene(struct scene *s)
{
	string_list_release(&s->config.editable);
}
#define CLEANUP_SCENE CLEANUP(release_scene)

static inline void assert_holds(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

static inline void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" in:\n%s", part, text);
}

#endif
