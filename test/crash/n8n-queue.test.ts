import { test } from 'vitest';
import { hosts } from './hosts';
import { keepsItsPromise } from './promise';

/** Of what n8n has to itself here. */
const POINTS = ['after the answer', 'after emit', 'before the acknowledgement'];

test('n8n queue (again in a new session), killed where it matters', async () =>
	await keepsItsPromise(hosts['n8n queue (again in a new session)']!(), { rounds: POINTS.length, points: POINTS }));
