import { z } from 'zod/v4';
import { operation } from '../../core/describe/operation';
import type { Row } from '../../core/describe/records';

/** What operations on the devices of a vendor made for tests have in common. */
export const OF_DEVICES = {
	title: 'It',
	action: '',
	description: '',
	resource: 'device',
	evidence: { section: '1', grade: 'C' },
} as const;

/** The list of devices of a vendor made for tests. */
export const listedDevices = operation({
	...OF_DEVICES,
	name: 'getMany',
	effect: 'read',
	route: 'GET /devices',
	params: {},
	answer: z.array(z.looseObject({})),
	record: (row: Row) => row as never,
	kind: 'device',
	list: true,
});
