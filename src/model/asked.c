#include "model/asked.h"

#include <stdlib.h>

int64_t asked_tokens(const struct asked *asked)
{
	return asked ? asked->prompt + asked->completion : 0;
}

void asked_free(struct asked *asked)
{
	if (!asked)
		return;
	free(asked->endpoint);
	free(asked->model);
	free(asked->served);
	free(asked);
}
