#include "sandbox/audit.h"

#include <stdlib.h>
#include <unistd.h>

void trial_audit_init(struct trial_audit *audit)
{
	*audit = (struct trial_audit)TRIAL_AUDIT_INIT;
}

void trial_audit_release(struct trial_audit *audit)
{
	if (audit->records >= 0)
		close(audit->records);
	free(audit->counts);
	string_list_release(&audit->programs);
	trial_audit_init(audit);
}
