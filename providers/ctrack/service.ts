import { operation } from '../../core/describe/operation';
import { textOf } from '../../core/describe/read';
import type { Row } from '../../core/describe/records';
import { body, known, recordsUnder } from './answer';

export const getVersion = operation({
	resource: 'service',
	name: 'getVersion',
	title: 'Get Version',
	action: 'Get the version of the service',
	description: "Get the version of Ctrack's service",
	effect: 'read',
	route: 'GET /Membership/GetServiceVersion',
	params: {},
	answer: body,
	// {"ErrorCode":0,"Version":{"Result":"4.4.13.8"}}
	rows: recordsUnder('Version'),
	record: (row: Row) => ({ version: textOf(known(row).Result) }),
	kind: 'other',
	evidence: { section: 'Membership/GetServiceVersion', grade: 'C' },
});
