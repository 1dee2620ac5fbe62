import { test } from 'vitest';
import { hosts, onVendor, packed } from './hosts';
import { AT_ONCE, N8nTarget } from './n8n';
import { keepsItsPromise } from './promise';
import { FEW, startAlarms } from './subjects';

test('n8n alarms (default), killed at every point', async () =>
	await keepsItsPromise(hosts['n8n alarms (default)']!(), { rounds: 10 }));

/** The first poll gives a batch for certain. */
test('the latest at first: killed right after each activation', async () =>
	await keepsItsPromise(
		onVendor(startAlarms(20, FEW), (subject) =>
			N8nTarget.start(
				subject,
				{ packages: packed('n8n-nodes-fleetwire-'), mode: 'default' },
				{ firstRun: 'latest' },
			),
		),
		{ rounds: 2, points: [AT_ONCE] },
		5,
	));
