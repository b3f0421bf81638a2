#include "base/tar.h"

#include <stdint.h>
#include <string.h>

#define BLOCK 512
#define SIZE_MAX_USTAR (8LL << 30)

static void add_header(FILE *out, const char *name, long long size)
{
	char h[BLOCK] = { 0 };
	unsigned sum = 0;

	snprintf(h, 100, "%s", name);
	strcpy(h + 100, "0000644");
	strcpy(h + 108, "0000000");
	strcpy(h + 116, "0000000");
	snprintf(h + 124, 12, "%011llo", size);
	strcpy(h + 136, "00000000000");
	memset(h + 148, ' ', 8);
	h[156] = '0';
	memcpy(h + 257,
	       "ustar\0"
	       "00",
	       8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 7, "%06o", sum);
	fwrite(h, 1, BLOCK, out);
}

static void add_padding(FILE *out, long long size)
{
	static const char zeros[BLOCK];

	if (size % BLOCK)
		fwrite(zeros, 1, BLOCK - size % BLOCK, out);
}

void tar_add(FILE *out, const char *name, const void *data, size_t len)
{
	add_header(out, name, (long long)len);
	fwrite(data, 1, len, out);
	add_padding(out, (long long)len);
}

int tar_add_file(FILE *out, const char *name, FILE *file, struct error *err)
{
	char block[1 << 16];
	long long size;
	size_t len;

	if (fseeko(file, 0, SEEK_END) || (size = ftello(file)) < 0 || fseeko(file, 0, SEEK_SET))
		return error_errno(err, "cannot read '%s' back", name);
	if (size >= SIZE_MAX_USTAR)
		return error_set(err, "'%s' is larger than a tar may hold, 8 GiB", name);
	add_header(out, name, size);
	while ((len = fread(block, 1, sizeof(block), file)))
		fwrite(block, 1, len, out);
	if (ferror(file))
		return error_errno(err, "cannot read '%s' back", name);
	add_padding(out, size);
	return 0;
}

void tar_end(FILE *out)
{
	static const char zeros[2 * BLOCK];

	fwrite(zeros, 1, sizeof(zeros), out);
}
