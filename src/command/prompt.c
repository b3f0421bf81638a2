#include <stdio.h>

#include "command/options.h"
#include "loop/briefing.h"
#include "report/line.h"
#include "report/pager.h"
#include "report/terminal.h"

static void print_json(const struct prompt *prompt)
{
	CLEANUP_JSON struct json *messages = prompt_json(prompt);
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	json_write(messages, false, &text);
	printf("%s\n", text.buf);
}

static void print_text(const struct prompt *prompt)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	prompt_write(prompt, &text);
	/* To the byte, but not to a terminal: it quotes what candidates wrote and printed. */
	if (people_read())
		report_text(text.buf, text.len, "", stdout);
	else
		fwrite(text.buf, 1, text.len, stdout);
}

int cmd_prompt(int argc, char **argv, struct error *err)
{
	CLEANUP_PROMPT struct prompt prompt = PROMPT_INIT;
	CLEANUP_REPO struct repo *repo = NULL;
	CLEANUP_LEDGER struct ledger ledger = { 0 };
	const char *campaign;
	bool json;

	if (!look_options(argc, argv, &campaign, &json))
		return usage(argc, argv);
	if (optind < argc && !campaign)
		campaign = argv[optind++];
	if (optind < argc)
		return usage(argc, argv);
	if (campaign_open(campaign, &repo, &ledger, err) ||
	    briefing_next(repo, &ledger, &prompt, err))
		return -1;
	pager_start();
	if (json)
		print_json(&prompt);
	else
		print_text(&prompt);
	return EXIT_DONE;
}
