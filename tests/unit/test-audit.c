#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <linux/audit.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/json.h"
#include "model/audit.h"

#define SECOND 1000000000ull
#define START (100 * SECOND) /* of the trial */

#define MEMBERS(class, act, object, verdict, result)                             \
	"{\"v\":1,\"seq\":7,\"time\":1.500000,\"phase\":\"run\",\"pid\":5,"      \
	"\"tid\":6,\"start\":0.250000,\"parent\":1,\"comm\":\"sh\","             \
	"\"class\":\"" class "\",\"act\":\"" act "\",\"object\":{" object "},\"" \
			     "verdict\":\"" verdict "\",\"result\":" result "}\n"

static const struct audit_clock trial_clock = {
	.start = START,
	.phase_start = { [PHASE_RUN] = START + SECOND, [PHASE_EVALUATE] = START + 2 * SECOND },
};

static const char *call_name(uint32_t arch, uint32_t number)
{
	if (number == 101)
		return "ptrace";
	return arch == AUDIT_ARCH_X86_64 && number == 257 ? "openat" : NULL;
}

/* An act of process 5, half a second into run. */
static struct audit_record act(enum audit_class class, enum audit_act act_no)
{
	return (struct audit_record){
		.class = class,
		.act = act_no,
		.pid = 5,
		.tid = 6,
		.parent = 1,
		.time = START + 3 * SECOND / 2,
		.process_start = START + SECOND / 4,
		.comm = "sh",
	};
}

/* The bytes of a record, as they come: its sizes are set. */
static void add_record(struct strbuf *out, struct audit_record r, const char *path,
		       size_t path_len, const char *name)
{
	r.path_len = (uint16_t)path_len;
	r.name_len = (uint16_t)strlen(name);
	r.size = sizeof(r) + r.path_len + r.name_len;
	strbuf_add(out, &r, sizeof(r));
	strbuf_add(out, path, path_len);
	strbuf_addstr(out, name);
}

static char *line_of(struct audit_record r, const char *path, size_t path_len, const char *name)
{
	CLEANUP_STRBUF struct strbuf bytes = STRBUF_INIT;
	struct strbuf line = STRBUF_INIT;
	struct error err = ERROR_INIT;
	struct audit_event event;

	add_record(&bytes, r, path, path_len, name);
	assert_int_equal(audit_event_next(bytes.buf, bytes.len, &event, &err), bytes.len);
	audit_event_write(&event, 7, &trial_clock, call_name, &line);
	return strbuf_detach(&line, NULL);
}

/* `path` is a literal, whose NULs count; the one that ends it does not. */
#define check_line(record, path, name, expected)                             \
	do {                                                                 \
		char *line_ = line_of(record, path, sizeof(path) - 1, name); \
		assert_string_equal(line_, expected);                        \
		free(line_);                                                 \
	} while (0)

static void each_level_has_a_name(void **state)
{
	enum audit_level level;

	(void)state;
	assert_int_equal(audit_level_parse("none", &level), 0);
	assert_int_equal(level, AUDIT_LEVEL_NONE);
	assert_int_equal(audit_level_parse("A", &level), 0);
	assert_int_equal(level, AUDIT_LEVEL_A);
	assert_string_equal(audit_level_name(AUDIT_LEVEL_B), "B");
	assert_int_equal(audit_level_parse("a", &level), -1);
	assert_true(AUDIT_LEVEL_A > AUDIT_LEVEL_B && AUDIT_LEVEL_B > AUDIT_LEVEL_C);
}

static void exec_has_the_file_and_the_name_that_was_given(void **state)
{
	struct audit_record r = act(AUDIT_EXEC, ACT_EXEC);

	(void)state;
	r.on.file.major = 8;
	r.on.file.minor = 1;
	r.on.file.inode = UINT64_MAX;
	check_line(r, "dash\0bin\0", "./script",
		   MEMBERS("exec", "exec",
			   "\"path\":\"/bin/dash\",\"truncated\":false,\"claimed\":false,"
			   "\"deleted\":false,\"dev\":\"8:1\",\"inode\":18446744073709551615,"
			   "\"name\":\"./script\"",
			   "allowed", "0"));
}

static void a_path_may_be_cut_claimed_or_gone(void **state)
{
	struct audit_record r = act(AUDIT_FILE, ACT_OPEN);

	(void)state;
	r.verdict = AUDIT_DENIED;
	r.result = -13;
	r.flags = AUDIT_TRUNCATED;
	check_line(r, "c\0b\0", "",
		   MEMBERS("file", "open",
			   "\"path\":\"b/c\",\"truncated\":true,\"claimed\":false,"
			   "\"deleted\":false",
			   "denied", "-13"));
	r.flags = AUDIT_CLAIMED;
	check_line(r, "../x\0rest", "",
		   MEMBERS("file", "open",
			   "\"path\":\"../x\",\"truncated\":false,\"claimed\":true,"
			   "\"deleted\":false",
			   "denied", "-13"));
	r.flags = AUDIT_DELETED;
	check_line(r, "memfd:x\0", "",
		   MEMBERS("file", "open",
			   "\"path\":\"/memfd:x\",\"truncated\":false,\"claimed\":false,"
			   "\"deleted\":true",
			   "denied", "-13"));
}

static struct audit_record connection(uint16_t family, const char *ip, uint16_t port)
{
	struct audit_record r = act(AUDIT_NETWORK, ACT_CONNECT);

	r.on.network.family = family;
	r.on.network.type = SOCK_STREAM;
	memcpy(r.on.network.address.ip, ip, 16);
	r.on.network.address.port = port;
	return r;
}

static void addresses_of_the_internet(void **state)
{
	static const char v4[] = "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1";
	static const char v6[] = "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1";
	struct audit_record r;

	(void)state;
	check_line(connection(AF_INET, v4, 80), "", "",
		   MEMBERS("network", "connect",
			   "\"family\":\"inet\",\"type\":\"stream\",\"address\":\"192.0.2.1\","
			   "\"port\":80",
			   "allowed", "0"));
	check_line(connection(AF_INET6, v4, 80), "", "",
		   MEMBERS("network", "connect",
			   "\"family\":\"inet6\",\"type\":\"stream\",\"address\":\"192.0.2.1\","
			   "\"port\":80",
			   "allowed", "0"));
	r = connection(AF_INET6, v6, 65535);
	r.act = ACT_SEND;
	r.on.network.type = SOCK_DGRAM;
	r.on.network.protocol = IPPROTO_UDP;
	check_line(r, "", "",
		   MEMBERS("network", "send",
			   "\"family\":\"inet6\",\"type\":\"dgram\",\"protocol\":\"udp\","
			   "\"address\":\"2001:db8::1\",\"port\":65535",
			   "allowed", "0"));
}

static void a_socket_that_is_refused_has_no_address(void **state)
{
	struct audit_record r = act(AUDIT_NETWORK, ACT_SOCKET);

	(void)state;
	r.verdict = AUDIT_REFUSED;
	r.result = -97;
	r.on.network.family = AF_PACKET;
	r.on.network.type = SOCK_RAW | SOCK_NONBLOCK;
	check_line(r, "", "",
		   MEMBERS("network", "socket", "\"family\":\"packet\",\"type\":\"raw\"",
			   "refused", "-97"));
	r.on.network.family = 38;
	r.on.network.type = SOCK_SEQPACKET;
	check_line(r, "", "",
		   MEMBERS("network", "socket", "\"family\":\"38\",\"type\":\"seqpacket\"",
			   "refused", "-97"));
}

static void addresses_of_unix_sockets(void **state)
{
	struct audit_record r = act(AUDIT_NETWORK, ACT_CONNECT);

	(void)state;
	r.on.network.family = AF_UNIX;
	r.on.network.type = SOCK_STREAM;
#define UNIX(path)                                                                    \
	MEMBERS("network", "connect", "\"family\":\"unix\",\"type\":\"stream\"" path, \
		"allowed", "0")
	check_line(r, "/run/x\0garbage", "", UNIX(",\"path\":\"/run/x\""));
	check_line(r, "\0name", "", UNIX(",\"path\":\"@name\""));
	check_line(r, "\0a\0b", "", UNIX(",\"path\":\"@a\\\\x00b\""));
	check_line(r, "@name", "", UNIX(",\"path\":\"./@name\""));
	check_line(r, "", "", UNIX(""));
}

static void calls_have_names_numbers_and_arguments(void **state)
{
	struct audit_record r = act(AUDIT_CALL, ACT_CALL);

	(void)state;
	r.verdict = AUDIT_DENIED;
	r.on.call.number = 101;
	r.on.call.arch = AUDIT_ARCH_X86_64;
	r.on.call.args[0] = UINT64_MAX;
	check_line(r, "", "",
		   MEMBERS("call", "call",
			   "\"name\":\"ptrace\",\"number\":101,\"arch\":\"x86_64\","
			   "\"args\":[\"0xffffffffffffffff\",\"0x0\",\"0x0\"]",
			   "denied", "0"));
	r.on.call.number = 26;
	r.on.call.arch = AUDIT_ARCH_I386;
	check_line(r, "", "",
		   MEMBERS("call", "call",
			   "\"name\":null,\"number\":26,\"arch\":\"i386\","
			   "\"args\":[\"0xffffffffffffffff\",\"0x0\",\"0x0\"]",
			   "denied", "0"));
	r.on.call.number = 0x40000001;
	r.on.call.arch = AUDIT_ARCH_X86_64;
	check_line(r, "", "",
		   MEMBERS("call", "call",
			   "\"name\":null,\"number\":1073741825,\"arch\":\"x32\","
			   "\"args\":[\"0xffffffffffffffff\",\"0x0\",\"0x0\"]",
			   "denied", "0"));
}

static void the_other_classes(void **state)
{
	struct audit_record r = act(AUDIT_DEVICE, ACT_DEVICE);

	(void)state;
	r.on.file.flags = S_IFBLK;
	r.on.file.major = 8;
	check_line(r, "", "",
		   MEMBERS("device", "device", "\"type\":\"block\",\"major\":8,\"minor\":0",
			   "allowed", "0"));
	r = act(AUDIT_PROCESS, ACT_EXIT);
	r.result = 256;
	check_line(r, "", "", MEMBERS("process", "exit", "", "allowed", "256"));
	r = act(AUDIT_SIGNAL, ACT_KILL);
	r.result = 9;
	r.on.call.args[0] = 4711;
	check_line(r, "", "", MEMBERS("signal", "kill", "\"pid\":4711", "allowed", "9"));
	r = act(AUDIT_CREDENTIALS, ACT_CREDENTIALS);
	r.on.call.number = 105;
	r.on.call.arch = 0xc000003e;
	check_line(r, "", "",
		   MEMBERS("credentials", "credentials",
			   "\"name\":null,\"number\":105,\"arch\":\"x86_64\","
			   "\"args\":[\"0x0\",\"0x0\",\"0x0\"]",
			   "allowed", "0"));
	r = act(AUDIT_CREDENTIALS, ACT_USERNS);
	r.result = INT64_MIN;
	check_line(r, "", "",
		   MEMBERS("credentials", "userns", "", "allowed", "-9223372036854775808"));
	r = act(AUDIT_OBJECT, ACT_PTRACE);
	check_line(r, "", "", MEMBERS("object", "ptrace", "", "allowed", "0"));
	r = act(AUDIT_MOUNT, ACT_MOUNT);
	check_line(r, "mnt\0", "",
		   MEMBERS("mount", "mount",
			   "\"path\":\"/mnt\",\"truncated\":false,\"claimed\":false,"
			   "\"deleted\":false",
			   "allowed", "0"));
}

static void names_are_data(void **state)
{
	struct audit_record r = act(AUDIT_FILE, ACT_CREATE);

	(void)state;
	/* A comm of 16 bytes has no NUL. */
	memcpy(r.comm, "sixteen\"bytes\x1b[m", 16);
	r.flags = 0;
	check_line(r, "\xff\n\0a\\b\xe2\x80\xae\xc2\x9b\0", "",
		   "{\"v\":1,\"seq\":7,\"time\":1.500000,\"phase\":\"run\",\"pid\":5,\"tid\":6,"
		   "\"start\":0.250000,\"parent\":1,\"comm\":\"sixteen\\\"bytes\\\\x1b[m\","
		   "\"class\":\"file\",\"act\":\"create\",\"object\":{\"path\":\""
		   "/a\\\\\\\\b\\\\xe2\\\\x80\\\\xae\\\\xc2\\\\x9b/\\\\xff\\\\x0a\","
		   "\"truncated\":false,\"claimed\":false,\"deleted\":false},"
		   "\"verdict\":\"allowed\",\"result\":0}\n");
}

static void check_when(uint64_t time, uint64_t process_start, const char *expected)
{
	struct audit_record r = act(AUDIT_PROCESS, ACT_FORK);
	char *line;

	r.time = time;
	r.process_start = process_start;
	line = line_of(r, "", 0, "");
	if (!strstr(line, expected))
		fail_msg("%s is not in %s", expected, line);
	free(line);
}

static void an_event_has_its_phase_by_its_time(void **state)
{
	(void)state;
	check_when(START, START, "\"time\":0.000000,\"phase\":\"run\"");
	check_when(START + SECOND, START, "\"time\":1.000000,\"phase\":\"run\"");
	check_when(START + 2 * SECOND, START, "\"time\":2.000000,\"phase\":\"evaluate\"");
	check_when(START + 2 * SECOND - 1, START, "\"time\":1.999999,\"phase\":\"run\"");
	check_when(START, START - SECOND / 1000, "\"start\":-0.001000");
	/* A packet on its way out is of no process. */
	check_when(START, 0, "\"start\":null");
}

static void a_record_comes_in_pieces(void **state)
{
	struct audit_record r = act(AUDIT_FILE, ACT_OPEN);
	CLEANUP_STRBUF struct strbuf bytes = STRBUF_INIT;
	struct error err = ERROR_INIT;
	struct audit_event event;

	(void)state;
	/* Where it begins need not be aligned. */
	strbuf_addch(&bytes, 'x');
	add_record(&bytes, r, "name\0", 5, "");
	for (size_t len = 0; len < sizeof(r) + 5; len++)
		assert_int_equal(audit_event_next(bytes.buf + 1, len, &event, &err), 0);
	assert_int_equal(audit_event_next(bytes.buf + 1, sizeof(r) + 5, &event, &err),
			 sizeof(r) + 5);
	assert_memory_equal(event.path, "name", 5);
}

static void check_refused(const struct audit_record *r, const char *path)
{
	CLEANUP_STRBUF struct strbuf bytes = STRBUF_INIT;
	struct error err = ERROR_INIT;
	struct audit_event event;

	strbuf_add(&bytes, r, sizeof(*r));
	strbuf_add(&bytes, path, 4);
	assert_int_equal(audit_event_next(bytes.buf, bytes.len, &event, &err), -1);
	assert_true(*err.message);
}

static void what_makes_no_sense_is_refused(void **state)
{
	struct audit_record good = act(AUDIT_FILE, ACT_OPEN), r;

	(void)state;
	good.path_len = 4;
	good.size = sizeof(good) + 4;
	check_refused(&good, "a\0bc"); /* it does not end */
#define check_with(member, value)           \
	do {                                \
		r = good;                   \
		r.member = value;           \
		check_refused(&r, "abc\0"); \
	} while (0)
	check_with(size, 0);
	check_with(size, sizeof(r));
	check_with(size, sizeof(r) + 5);
	check_with(size, UINT32_MAX);
	check_with(path_len, 3);
	check_with(path_len, UINT16_MAX);
	check_with(name_len, 1);
	check_with(name_len, UINT16_MAX);
	check_with(class, AUDIT_CLASSES);
	check_with(act, ACTS);
	check_with(verdict, AUDIT_DENIED + 1);
	check_with(flags, 0x80);
	/* Longer than any can be, though its sizes agree. */
	r = good;
	r.path_len = AUDIT_PATH_MAX + 1;
	r.size = sizeof(r) + r.path_len;
	check_refused(&r, "abc\0");
}

/* A trial of two executed files and an aggregate of a thousand forks, nothing lost. */
static struct audit_totals totals_of(struct audit_counts *counts, struct string_list *programs)
{
	*counts = (struct audit_counts){
		.emitted = { [AUDIT_EXEC] = 2, [AUDIT_PROCESS] = 1003 },
		.aggregated = { [AUDIT_PROCESS] = 1000 },
		.refused = 3,
		.denied = 1,
		.calls = { [101] = 1, [257] = 12, [510] = 2, [AUDIT_CALLS_OTHER] = 5 },
		.errors = { [101] = 1, [257] = 4 },
		.by_error = { [1] = 1, [2] = 4, [41] = 1 },
	};
	return (struct audit_totals){
		.level = AUDIT_LEVEL_B,
		.counts = counts,
		.recorded = { [AUDIT_EXEC] = 2, [AUDIT_PROCESS] = 3 },
		.policy = "abc",
		.kernel = "6.1.0-18-amd64",
		.programs = programs,
	};
}

static void totals_end_a_trial(void **state)
{
	CLEANUP_STRING_LIST struct string_list programs = STRING_LIST_INIT;
	CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
	struct audit_counts counts;
	struct audit_totals totals = totals_of(&counts, &programs);

	(void)state;
#define PER_CLASS(exec, process)                                                          \
	"{\"exec\":" exec ",\"process\":" process ",\"call\":0,\"network\":0,\"file\":0," \
	"\"mount\":0,\"credentials\":0,\"signal\":0,\"device\":0,\"object\":0}"
	string_list_add(&programs, "sys_exit:0123456789abcdef");
	audit_aggregate_write(AUDIT_PROCESS, 1000, 5, &line);
	audit_totals_write(&totals, 6, call_name, &line);
	assert_string_equal(
		line.buf,
		"{\"v\":1,\"seq\":5,\"class\":\"process\",\"aggregated\":1000}\n"
		"{\"v\":1,\"seq\":6,\"totals\":{\"emitted\":" PER_CLASS(
			"2",
			"1003") ","
				"\"received\":" PER_CLASS(
					"2",
					"1003") ","
						"\"aggregated\":" PER_CLASS(
							"0",
							"1000") ","
								"\"lost\":" PER_CLASS(
									"0",
									"0") "},"
									     "\"events\":1005,\"denied\":4,\"refused\":3,"
									     "\"calls\":{\"ptrace\":{\"calls\":1,\"errors\":1},"
									     "\"openat\":{\"calls\":12,\"errors\":4},\"510\":{\"calls\":2,\"errors\":0},"
									     "\"other\":{\"calls\":5,\"errors\":0}},"
									     "\"errors\":{\"EPERM\":1,\"ENOENT\":4,\"41\":1},"
									     "\"policy\":\"sha256:abc\",\"level\":\"B\",\"kernel\":\"6.1.0-18-amd64\","
									     "\"programs\":[\"sys_exit:0123456789abcdef\"]}\n");
}

/* What a summary says of the trial above with `lost` acts of a class. */
static struct audit_summary summary_with(enum audit_class class, uint64_t lost, bool counted,
					 bool critical)
{
	CLEANUP_STRING_LIST struct string_list programs = STRING_LIST_INIT;
	struct audit_summary summary = { .level = AUDIT_LEVEL_B };
	struct audit_counts counts;
	struct audit_totals totals = totals_of(&counts, &programs);

	counts.emitted[class] += lost;
	if (counted)
		counts.lost[class] = lost;
	counts.lost_critical = critical;
	audit_summary_add(&summary, &totals);
	return summary;
}

static void the_loss_of_a_critical_act_is_never_hidden(void **state)
{
	struct audit_summary s = summary_with(AUDIT_FILE, 0, true, false);

	(void)state;
	assert_int_equal(s.events, 1005);
	assert_int_equal(s.denied, 4);
	assert_int_equal(s.lost, 0);
	assert_false(s.incomplete);
	for (int class = 0; class < AUDIT_CLASSES; class ++) {
		s = summary_with(class, 2, true, false);
		assert_int_equal(s.events, 1005);
		assert_int_equal(s.lost, 2);
		assert_false(s.incomplete);
		s = summary_with(class, 2, true, true);
		assert_true(s.incomplete);
		/* What is missing is lost, though nobody says so: and who knows what it was. */
		s = summary_with(class, 2, false, false);
		assert_int_equal(s.lost, 2);
		assert_true(s.incomplete);
	}
}

static void counts_that_cannot_be_are_not_believed(void **state)
{
	CLEANUP_STRING_LIST struct string_list programs = STRING_LIST_INIT;
	struct audit_summary summary = { .level = AUDIT_LEVEL_B };
	struct audit_counts counts;
	struct audit_totals totals = totals_of(&counts, &programs);

	(void)state;
	totals.recorded[AUDIT_FILE] = 1;
	audit_summary_add(&summary, &totals);
	assert_true(summary.incomplete);
	assert_int_equal(summary.lost, 0);
}

static void trials_add_up(void **state)
{
	CLEANUP_STRING_LIST struct string_list programs = STRING_LIST_INIT;
	CLEANUP_JSON struct json *o = json_new_object();
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct audit_summary summary = { .level = AUDIT_LEVEL_B };
	struct audit_counts counts;
	struct audit_totals totals = totals_of(&counts, &programs);

	(void)state;
	audit_summary_add(&summary, &totals);
	audit_summary_add(&summary, &totals);
	audit_summary_json(&summary, o);
	json_write(o, false, &text);
	assert_string_equal(text.buf, "{\"audit\":{\"level\":\"B\",\"events\":2010,"
				      "\"denied\":8,\"lost\":0}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_level_has_a_name),
		cmocka_unit_test(exec_has_the_file_and_the_name_that_was_given),
		cmocka_unit_test(a_path_may_be_cut_claimed_or_gone),
		cmocka_unit_test(addresses_of_the_internet),
		cmocka_unit_test(a_socket_that_is_refused_has_no_address),
		cmocka_unit_test(addresses_of_unix_sockets),
		cmocka_unit_test(calls_have_names_numbers_and_arguments),
		cmocka_unit_test(the_other_classes),
		cmocka_unit_test(names_are_data),
		cmocka_unit_test(an_event_has_its_phase_by_its_time),
		cmocka_unit_test(a_record_comes_in_pieces),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(totals_end_a_trial),
		cmocka_unit_test(the_loss_of_a_critical_act_is_never_hidden),
		cmocka_unit_test(counts_that_cannot_be_are_not_believed),
		cmocka_unit_test(trials_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
