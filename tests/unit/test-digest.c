#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/digest.h"

static void assert_digest(const void *data, size_t len, const char *expected)
{
	char hex[DIGEST_HEX_LEN + 1];

	digest_of(data, len, hex);
	assert_string_equal(hex, expected);
}

/* The examples of FIPS 180-4's author. */
static void known_answers(void **state)
{
	(void)state;
	assert_digest("", 0,
		      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_digest("abc", 3,
		      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
		      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void pieces_make_the_whole(void **state)
{
	char whole[DIGEST_HEX_LEN + 1], pieces[DIGEST_HEX_LEN + 1];
	unsigned char data[1000];
	struct digest d;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7);
	digest_of(data, sizeof(data), whole);
	digest_init(&d);
	digest_add(&d, data, 1);
	digest_add(&d, data + 1, 63);
	digest_add(&d, NULL, 0);
	digest_add(&d, data + 64, sizeof(data) - 64);
	digest_hex(&d, pieces);
	assert_string_equal(pieces, whole);
}

static void two_fields(const char *a, const char *b, char ret[DIGEST_HEX_LEN + 1])
{
	struct digest d;

	digest_init(&d);
	digest_add_field(&d, a, strlen(a));
	digest_add_field(&d, b, strlen(b));
	digest_hex(&d, ret);
}

static void fields_do_not_run_together(void **state)
{
	char one[DIGEST_HEX_LEN + 1], two[DIGEST_HEX_LEN + 1];

	(void)state;
	two_fields("ab", "c", one);
	two_fields("a", "bc", two);
	assert_string_not_equal(one, two);
	two_fields("", "abc", two);
	assert_string_not_equal(one, two);
}

/* The length is eight bytes, the least first: digests that are on record depend on it. */
static void field_format(void **state)
{
	char field[DIGEST_HEX_LEN + 1];
	struct digest d;

	(void)state;
	digest_init(&d);
	digest_add_field(&d, "abc", 3);
	digest_hex(&d, field);
	assert_digest("\3\0\0\0\0\0\0\0abc", 11, field);
}

/* As `openssl dgst -sha256 -binary | base64` has it. */
static void base64(void **state)
{
	char text[DIGEST_BASE64_LEN + 1];

	(void)state;
	digest_base64_of("", 0, text);
	assert_string_equal(text, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
	digest_base64_of("abc", 3, text);
	assert_string_equal(text, "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(pieces_make_the_whole),
		cmocka_unit_test(fields_do_not_run_together),
		cmocka_unit_test(field_format),
		cmocka_unit_test(base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
