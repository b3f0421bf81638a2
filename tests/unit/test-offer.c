#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "model/campaign.h"
#include "model/offer.h"
#include "model/offer_metric.h"

/* --- What a source prints */

static const struct {
	const char *line, *name, *pattern; /* name NULL: nothing */
} prints[] = {
	{ "print(f\"val_loss: {x:.4f}\")", "val_loss", "" },
	{ "print(f\"val_bpb:          {x:.6f}\")", "val_bpb", "" },
	{ "print(\"accuracy:\", acc)", "accuracy", "" },
	{ "print('loss: ' + str(x))", "loss", "" },
	{ "\tprintf(\"METRIC speed=%g\\n\", x);", "speed", "" },
	{ "printf(\"\\nrmse: %f\\n\", x);", "rmse", "" },
	{ "std::cout << \"latency_ms: \" << t;", "latency_ms", "" },
	{ "println!(\"throughput: {}\", x);", "throughput", "" },
	{ "fmt.Printf(\"f1: %.3f\\n\", x)", "f1", "" },
	{ "console.log(`ops_per_sec: ${n}`)", "ops_per_sec", "" },
	{ "echo seconds: $t", "seconds", "" },
	{ "echo \"METRIC peak_mb=$m\"", "peak_mb", "" },
	{ "print(f\"step {i}: train loss {a:.4f}, val loss {b:.4f}\")", "val_loss",
	  " val loss *[:=]? *([-+]?[0-9.]+([eE][-+]?[0-9]+)?)" },
	{ "print('epoch %d loss=%.3f' % (e, x))", "loss",
	  " loss *[:=]? *([-+]?[0-9.]+([eE][-+]?[0-9]+)?)" },
	{ "logger.info(f\"loss: {x}\")", "loss",
	  "loss *[:=]? *([-+]?[0-9.]+([eE][-+]?[0-9]+)?)" },
	{ "# print(f\"loss: {x}\")", NULL, NULL },
	{ "loss: float = 0.0  # not printed", NULL, NULL },
	{ "print(f\"learning_rate: {x}\")", NULL, NULL },
	{ "print(\"loss is computed elsewhere\")", NULL, NULL },
	{ "print(f\"METRIC {name}={value}\")", NULL, NULL },
	{ "die(\"print METRIC name=%s\")", NULL, NULL },
	{ "print(f\"ERROR: {message}\")", NULL, NULL },
	{ "print(\"test: \" + name)", NULL, NULL },
	{ "print(f\"error_rate: {x}\")", "error_rate", "" },
	{ "", NULL, NULL },
};

static void a_source_says_what_it_prints(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(prints); i++) {
		struct printed printed;
		bool found =
			printed_find(prints[i].line, strlen(prints[i].line), NULL, &printed);

		if (found != (prints[i].name != NULL))
			fail_msg("%s: %s", prints[i].line, found ? printed.name : "nothing");
		if (!found)
			continue;
		assert_string_equal(printed.name, prints[i].name);
		assert_string_equal(printed.pattern, prints[i].pattern);
		assert_int_equal(printed.line, 1);
	}
}

static void the_likeliest_of_many_is_taken(void **state)
{
	static const char text[] = "print(f'train_loss: {a}')\n"
				   "print(f'val_loss: {b}')\n"
				   "print(f'seconds: {c}')\n"
				   "print(f'peak_vram_mb: {d}')\n";
	struct printed printed;

	(void)state;
	assert_true(printed_find(text, strlen(text), NULL, &printed));
	assert_string_equal(printed.name, "val_loss");
	assert_int_equal(printed.line, 2);
	assert_true(printed_find(text, strlen(text), "seconds", &printed));
	assert_int_equal(printed.line, 3);
	assert_false(printed_find(text, strlen(text), "accuracy", &printed));
}

static void the_name_says_which_way(void **state)
{
	static const struct {
		const char *name;
		int direction; /* -1: unknown */
	} rows[] = {
		{ "val_loss", MINIMIZE },    { "valLoss", MINIMIZE },
		{ "error_rate", MINIMIZE },  { "p99_latency_ms", MINIMIZE },
		{ "binary/size", MINIMIZE }, { "perplexity", MINIMIZE },
		{ "bytes", MINIMIZE },	     { "accuracy", MAXIMIZE },
		{ "test.acc", MAXIMIZE },    { "f1", MAXIMIZE },
		{ "throughput", MAXIMIZE },  { "mb_per_second", MAXIMIZE },
		{ "ops", MAXIMIZE },	     { "score_time", MINIMIZE },
		{ "ns_per_op", MINIMIZE },   { "closs", -1 },
		{ "quality", -1 },	     { "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		enum direction direction;
		bool known = direction_of_name(rows[i].name, &direction, NULL);

		if (known != (rows[i].direction >= 0) ||
		    (known && (int)direction != rows[i].direction))
			fail_msg("%s", rows[i].name);
	}
}

/* --- Shapes of repositories */

#define FILE_OF(path, text)                  \
	{                                    \
		path, text, sizeof(text) - 1 \
	}
#define NAME_OF(path)         \
	{                     \
		path, NULL, 0 \
	}
#define FIND(offer, files) offer_find(offer, files, ARRAY_SIZE(files))

static void assert_value(const struct offer_value *value, const char *expected)
{
	if (!expected) {
		assert_null(value->value);
		return;
	}
	assert_non_null(value->value);
	assert_string_equal(value->value, expected);
}

static void assert_list(const struct offer_list *list, const char *expected)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < list->nr; i++)
		strbuf_addf(&text, "%s%s", i ? " " : "", list->items[i].value);
	assert_string_equal(text.buf, expected);
}

/* Whatever is offered is taken back: all of it, or but for what is missing. */
static void assert_taken(const struct offer *offer)
{
	CLEANUP_CAMPAIGN_CONFIG struct campaign_config config = { 0 };
	CLEANUP_STRING_LIST struct string_list warnings = STRING_LIST_INIT;
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const char *missing[OFFER_REQUIRED];
	struct error err = ERROR_INIT;
	size_t nr = offer_missing(offer, missing);

	if (offer_check(offer, &err))
		fail_msg("%s", err.message);
	offer_write(offer, &text);
	assert_int_equal(
		campaign_config_parse("c", text.buf, text.len, &config, &warnings, &err),
		nr ? -1 : 0);
	assert_int_equal(warnings.nr, 0);
	if (nr) {
		assert_non_null(strstr(err.message, missing[0]));
		return;
	}
	assert_string_equal(config.metric, offer->metric.value);
	assert_string_equal(config.phases[PHASE_RUN].command, offer->run.value);
	assert_int_equal(config.editable.nr, offer->editable.nr);
	assert_int_equal(config.hidden.nr, offer->hidden.nr);
}

static void a_training_in_python(void **state)
{
	static const struct offer_file files[] = {
		NAME_OF("README.md"),
		FILE_OF("model.py", "class Net: pass\n"),
		FILE_OF("prepare.py", "print(f'tokens: {n}')\n"),
		FILE_OF("requirements.txt", "# for training\ntorch==2.1\n"),
		FILE_OF("tests/test_model.py", "import pytest\nprint('score: %d')\n"),
		FILE_OF("train.py", "from model import Net\nfrom prepare import load\n"
				    "print(f'val_loss: {x}')\n"),
	};
	CLEANUP_OFFER struct offer offer = OFFER_INIT;

	(void)state;
	FIND(&offer, files);
	assert_value(&offer.metric, "val_loss");
	assert_string_equal(offer.metric.why, "train.py:3 prints it");
	assert_value(&offer.direction, "minimize");
	assert_value(&offer.setup, "python3 -m venv --system-site-packages .venv && "
				   ".venv/bin/pip install -q -r requirements.txt");
	assert_value(&offer.run, ".venv/bin/python train.py");
	assert_value(&offer.check, ".venv/bin/python -m pytest -q");
	assert_value(&offer.evaluate, NULL);
	assert_list(&offer.editable, "train.py model.py");
	assert_list(&offer.include, "prepare.py");
	assert_int_equal(offer.notes.nr, 2);
	assert_taken(&offer);
}

static void a_benchmark_in_c_with_make(void **state)
{
	static const struct offer_file files[] = {
		FILE_OF("Makefile", "CFLAGS := -O2\n"
				    "bench: build/bench\n\t./build/bench\n"
				    "build/bench: bench/bench.c src/sort.c\n\tcc -o $@ $^\n"
				    "check: all\n\t./tests/run\n"),
		FILE_OF("bench/bench.c", "printf(\"ns_per_op: %f\\n\", t);\n"),
		FILE_OF("src/sort.c", "int sort;\n"),
		FILE_OF("src/sort.h", "extern int sort;\n"),
		FILE_OF("tests/run.c", "int main(void) {}\n"),
	};
	CLEANUP_OFFER struct offer offer = OFFER_INIT;

	(void)state;
	FIND(&offer, files);
	assert_value(&offer.metric, "ns_per_op");
	assert_value(&offer.direction, "minimize");
	assert_value(&offer.min_effect, "2%");
	assert_value(&offer.run, "make -s bench");
	assert_value(&offer.check, "make -s check");
	assert_list(&offer.editable, "src/");
	assert_taken(&offer);
}

static void a_training_in_c_with_an_evaluator(void **state)
{
	static const struct offer_file files[] = {
		FILE_OF("Makefile", "train: train.c model.c\n\t$(CC) -o $@ train.c model.c\n"
				    "evaluate: evaluate.c model.c\n\t$(CC) -o $@ $^\n"),
		FILE_OF("evaluate.c",
			"#include \"model.h\"\nopen(getenv(\"AUTORESEARCH_OUT\"));\n"
			"printf(\"val_loss: %g\\n\", x);\n"),
		NAME_OF("heldout/seed"),
		FILE_OF("model.c", "int x;\n"),
		FILE_OF("model.h", "int x;\n"),
		FILE_OF("train.c", "#include \"model.h\"\nprintf(\"train_loss: %g\\n\", x);\n"),
	};
	CLEANUP_OFFER struct offer offer = OFFER_INIT;

	(void)state;
	FIND(&offer, files);
	assert_value(&offer.metric, "val_loss");
	assert_value(&offer.run, "make -s train && ./train");
	assert_value(&offer.evaluate, "make -s evaluate && ./evaluate");
	assert_list(&offer.editable, "train.c");
	assert_list(&offer.include, "model.c model.h");
	assert_list(&offer.hidden, "heldout/");
	assert_taken(&offer);
}

static void what_is_imported_goes_with_it(void **state)
{
	static const struct offer_file files[] = {
		FILE_OF("exceptions.py", "class Error: pass\n"),
		FILE_OF("job/layers.py", "x = 1\n"),
		FILE_OF("job/train.py", "from .layers import x  # like exceptions\n"
					"import models\nfrom nets.deep import Net\n"
					"print(f'val_loss: {x}')\n"),
		FILE_OF("models/__init__.py", "x = 1\n"),
		FILE_OF("models/old.py", "x = 1\n"),
		FILE_OF("nets/deep.py", "x = 1\n"),
		FILE_OF("nets/shallow.py", "x = 1\n"),
	};
	CLEANUP_OFFER struct offer offer = OFFER_INIT;

	(void)state;
	FIND(&offer, files);
	assert_value(&offer.run, "python3 job/train.py");
	assert_list(&offer.editable, "job/train.py job/layers.py models/ nets/deep.py");
	assert_taken(&offer);
}

static void what_is_to_be_seen_to_besides_is_noted(void **state)
{
	static const struct offer_file files[] = {
		FILE_OF("pyproject.toml",
			"[project]\nname = \"x\"\ndependencies = [\"torch\"]\n"),
		FILE_OF("train.py", "device = 'cuda'\nprint(f'loss: {x}')\n"),
	};
	CLEANUP_OFFER struct offer offer = OFFER_INIT;

	(void)state;
	FIND(&offer, files);
	assert_value(&offer.setup, NULL);
	assert_int_equal(offer.notes.nr, 3);
	assert_non_null(strstr(offer.notes.items[0], "pyproject.toml names packages"));
	assert_non_null(strstr(offer.notes.items[1], "prints the metric itself"));
	assert_non_null(strstr(offer.notes.items[2], "autoresearch.device"));
	assert_taken(&offer);
}

static void a_script_without_an_ending(void **state)
{
	static const struct offer_file files[] = {
		FILE_OF("LICENSE", "you may train\n"),
		FILE_OF("Makefile", "bench:\n\tbench/run\n"),
		FILE_OF("bench/run", "#!/bin/sh\necho METRIC ops_per_second=$x\n"),
		FILE_OF("lib.rb", "puts \"score: #{x}\"\n"),
	};
	CLEANUP_OFFER struct offer offer = OFFER_INIT;

	(void)state;
	FIND(&offer, files);
	assert_value(&offer.metric, "ops_per_second");
	assert_list(&offer.editable, "lib.rb");
	assert_taken(&offer);
}

static void a_program_in_rust(void **state)
{
	static const struct offer_file files[] = {
		FILE_OF("Cargo.lock", "[[package]]\nname = \"x\"\n"),
		FILE_OF("Cargo.toml", "[package]\nname = \"x\"\n"),
		FILE_OF("src/bin/speed.rs", "println!(\"METRIC throughput={}\", x);\n"),
		FILE_OF("src/lib.rs", "#[test]\nfn t() {}\n"),
	};
	static const struct offer_file criterion[] = {
		FILE_OF("Cargo.toml", "[package]\nname = \"x\"\n"),
		FILE_OF("benches/parse.rs", "criterion_main!(x);\n"),
		FILE_OF("src/lib.rs", "pub fn f() {}\n"),
	};
	CLEANUP_OFFER struct offer offer = OFFER_INIT, other = OFFER_INIT;

	(void)state;
	FIND(&offer, files);
	assert_value(&offer.metric, "throughput");
	assert_value(&offer.direction, "maximize");
	assert_value(&offer.setup, NULL);
	assert_value(&offer.run, "cargo run -q --release --offline --bin speed");
	assert_value(&offer.check, "cargo test -q --offline");
	assert_list(&offer.editable, "src/");
	assert_taken(&offer);
	/* Its times have units that change: nobody can say what the metric is. */
	FIND(&other, criterion);
	assert_value(&other.metric, NULL);
	assert_value(&other.run, "cargo bench -q --offline --bench parse");
	assert_list(&other.editable, "src/");
	assert_taken(&other);
}

static void a_benchmark_in_go(void **state)
{
	static const struct offer_file files[] = {
		FILE_OF("go.mod", "module x\ngo 1.21\nrequire a v1\n"),
		FILE_OF("parse/parse.go", "package parse\n"),
		FILE_OF("parse/parse_test.go", "package parse\nfunc TestA(t *testing.T) {}\n"
					       "func BenchmarkParse(b *testing.B) {}\n"),
	};
	CLEANUP_OFFER struct offer offer = OFFER_INIT;

	(void)state;
	FIND(&offer, files);
	assert_value(&offer.metric, "ns_per_op");
	assert_value(&offer.pattern, "([0-9.]+) ns/op");
	assert_value(&offer.setup, "go mod vendor");
	assert_value(&offer.run, "go test -run '^$' -bench '^BenchmarkParse$' ./parse");
	assert_value(&offer.check, "go test ./...");
	assert_list(&offer.editable, "parse/parse.go");
	assert_taken(&offer);
}

static void a_package_of_node(void **state)
{
	static const struct offer_file files[] = {
		FILE_OF("bench/run.js", "console.log('ops_per_sec:', n)\n"),
		NAME_OF("package-lock.json"),
		FILE_OF("package.json", "{\"scripts\": {\"bench\": \"node bench/run.js\","
					" \"test\": \"echo \\\"Error: no test specified\\\"\"},"
					" \"devDependencies\": {\"a\": \"1\"}}"),
		FILE_OF("src/index.js", "export const x = 1\n"),
		FILE_OF("vendor/other.js", "console.log('score:', n)\n"),
	};
	CLEANUP_OFFER struct offer offer = OFFER_INIT;

	(void)state;
	FIND(&offer, files);
	assert_value(&offer.metric, "ops_per_sec");
	assert_value(&offer.direction, "maximize");
	assert_value(&offer.setup, "npm ci");
	assert_value(&offer.run, "npm run -s bench");
	assert_value(&offer.check, NULL);
	assert_list(&offer.editable, "src/");
	assert_taken(&offer);
}

static void words_that_are_scored(void **state)
{
	static const struct offer_file files[] = {
		NAME_OF("cases/test.jsonl"),
		NAME_OF("prompts/system.md"),
		NAME_OF("prompts/user.md"),
		FILE_OF("score.py", "open('cases/test.jsonl'); print('accuracy:', a)\n"),
	};
	static const struct offer_file sql[] = {
		NAME_OF("data.db"),
		NAME_OF("query.sql"),
		FILE_OF("score.sh", "#!/bin/bash\nsqlite3 data.db <query.sql\n"
				    "echo METRIC seconds=$t\n"),
	};
	CLEANUP_OFFER struct offer offer = OFFER_INIT, other = OFFER_INIT;

	(void)state;
	FIND(&offer, files);
	assert_value(&offer.metric, "accuracy");
	assert_value(&offer.run, "true");
	assert_value(&offer.evaluate, "python3 score.py");
	assert_list(&offer.editable, "prompts/");
	assert_list(&offer.hidden, "cases/test.jsonl");
	assert_taken(&offer);
	FIND(&other, sql);
	assert_value(&other.evaluate, "bash score.sh");
	assert_list(&other.editable, "query.sql");
	assert_taken(&other);
}

static void a_scorer_of_what_the_run_leaves_goes_behind_it(void **state)
{
	static const struct offer_file files[] = {
		FILE_OF("evaluate.py", "open('model.txt'); print('accuracy:', a)\n"),
		FILE_OF("train.py", "open('model.txt', 'w')\n"),
	};
	CLEANUP_OFFER struct offer offer = OFFER_INIT;

	(void)state;
	FIND(&offer, files);
	assert_value(&offer.run, "python3 train.py && python3 evaluate.py");
	assert_value(&offer.evaluate, NULL);
	assert_value(&offer.metric, "accuracy");
	assert_list(&offer.editable, "train.py");
	assert_int_equal(offer.notes.nr, 1);
	assert_taken(&offer);
}

static void a_program_of_cmake(void **state)
{
	static const struct offer_file files[] = {
		FILE_OF("CMakeLists.txt", "add_executable(app a.c)\n"
					  "add_executable( app_bench b.c)\n"),
		FILE_OF("a.c", "int a;\n"),
		FILE_OF("bench_app.c", "printf(\"time_ms: %g\\n\", t);\n"),
	};
	CLEANUP_OFFER struct offer offer = OFFER_INIT;

	(void)state;
	FIND(&offer, files);
	assert_value(&offer.metric, "time_ms");
	assert_non_null(strstr(offer.run.value, "build/app_bench"));
	assert_list(&offer.editable, "a.c");
	assert_taken(&offer);
}

/* --- What is given, what is missing, what is odd */

static void what_is_given_wins(void **state)
{
	static const struct offer_file files[] = {
		FILE_OF("other.py", "print('epoch', e, 'accuracy', a)\n"),
		FILE_OF("train.py", "print(f'val_loss: {x}')\nprint(f'seconds: {t}')\n"),
	};
	CLEANUP_OFFER struct offer offer = OFFER_INIT, other = OFFER_INIT;

	(void)state;
	offer_give(&offer.metric, "seconds");
	offer_give(&offer.direction, "maximize");
	offer_give_one(&offer.editable, "lib/*.py");
	FIND(&offer, files);
	assert_value(&offer.metric, "seconds");
	assert_null(offer.metric.why);
	assert_value(&offer.direction, "maximize");
	assert_value(&offer.run, "python3 train.py");
	assert_list(&offer.editable, "lib/*.py");
	assert_taken(&offer);
	/* And what is found is found for it. */
	offer_give(&other.run, "python3 other.py --fast; true # \"quoted\" \\");
	FIND(&other, files);
	assert_value(&other.metric, "accuracy");
	assert_non_null(other.pattern.value);
	assert_list(&other.editable, "other.py");
	assert_taken(&other);
}

static void what_is_not_known_is_left_to_fill_in(void **state)
{
	static const struct offer_file files[] = { NAME_OF("README.md") };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_OFFER struct offer offer = OFFER_INIT;
	const char *missing[OFFER_REQUIRED];

	(void)state;
	FIND(&offer, files);
	assert_int_equal(offer_missing(&offer, missing), OFFER_REQUIRED);
	assert_string_equal(missing[3], "run.command");
	offer_write(&offer, &text);
	assert_non_null(strstr(text.buf, "\tmetric =\n"));
	assert_taken(&offer);
	offer_give(&offer.direction, "sideways");
	assert_int_equal(offer_check(&offer, &(struct error)ERROR_INIT), -1);
}

static void odd_names_are_quoted_or_left_out(void **state)
{
	static const struct offer_file files[] = {
		FILE_OF("it's a train.py", "print('METRIC loss=1')\n"),
		FILE_OF("train [\n;#\"\\.sh", "echo METRIC loss=1\n"),
		FILE_OF(":train.py", "print('METRIC loss=1')\n"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		CLEANUP_OFFER struct offer offer = OFFER_INIT;

		offer_find(&offer, files + i, 1);
		assert_taken(&offer);
	}
	{
		CLEANUP_OFFER struct offer offer = OFFER_INIT;

		offer_give(&offer.metric, "loss");
		offer_give(&offer.run, "python3 'it'\\''s a train.py'");
		FIND(&offer, files);
		assert_taken(&offer);
	}
}

/* Half a file of every shape, and bytes of any kind, are no more than nothing found. */
static void damaged_files_do_no_harm(void **state)
{
	static const char *const paths[] = {
		"Makefile",  "package.json", "CMakeLists.txt", "train.py",    "go.mod",
		"x_test.go", "Cargo.lock",   "Cargo.toml",     "src/main.rs", "requirements.txt"
	};
	static const char bytes[] = "train:\t\0METRIC =\nadd_executable(\nfunc Benchmark\n"
				    "\"scripts\": {\"\xff%{print(f'loss: {";
	char text[200];

	(void)state;
	srand(1);
	for (int round = 0; round < 2000; round++) {
		CLEANUP_OFFER struct offer offer = OFFER_INIT;
		struct offer_file files[ARRAY_SIZE(paths)];
		size_t len = (size_t)rand() % sizeof(text);

		for (size_t i = 0; i < len; i++)
			text[i] = bytes[((size_t)rand() % 4 ? i + (size_t)round
							    : (size_t)rand()) %
					sizeof(bytes)];
		for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
			/* Of its own size, so that a byte too far is found out. */
			char *copy = malloc(len + 1);

			memcpy(copy, text, len);
			copy[len] = '\0';
			files[i] = (struct offer_file){ paths[i], copy, len };
		}
		FIND(&offer, files);
		assert_taken(&offer);
		for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
			free((char *)files[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_says_what_it_prints),
		cmocka_unit_test(the_likeliest_of_many_is_taken),
		cmocka_unit_test(the_name_says_which_way),
		cmocka_unit_test(a_training_in_python),
		cmocka_unit_test(a_benchmark_in_c_with_make),
		cmocka_unit_test(a_training_in_c_with_an_evaluator),
		cmocka_unit_test(what_is_imported_goes_with_it),
		cmocka_unit_test(what_is_to_be_seen_to_besides_is_noted),
		cmocka_unit_test(a_script_without_an_ending),
		cmocka_unit_test(a_program_in_rust),
		cmocka_unit_test(a_benchmark_in_go),
		cmocka_unit_test(a_package_of_node),
		cmocka_unit_test(words_that_are_scored),
		cmocka_unit_test(a_scorer_of_what_the_run_leaves_goes_behind_it),
		cmocka_unit_test(a_program_of_cmake),
		cmocka_unit_test(what_is_given_wins),
		cmocka_unit_test(what_is_not_known_is_left_to_fill_in),
		cmocka_unit_test(odd_names_are_quoted_or_left_out),
		cmocka_unit_test(damaged_files_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
