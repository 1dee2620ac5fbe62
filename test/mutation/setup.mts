/** For code that Stryker has prepared: it is slow, and its text is not the one that people wrote. */
import { beforeEach } from 'vitest';

/** The processor's time stands still, so a limit of it says nothing. */
const none = () => ({ user: 0, system: 0 });
Object.assign(process, { cpuUsage: none, threadCpuUsage: none });

/** They read the text of the code, or read millions of characters, which takes minutes. */
const UNFIT = [/^16 MiB of /, /^a large answer that /, /100,000 points/, /^are read from the vendor's page$/];

beforeEach(({ task, skip }) => {
	if (UNFIT.some((name) => name.test(task.name))) skip();
});
