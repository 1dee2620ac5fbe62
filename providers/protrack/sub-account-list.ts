import { operation } from '../../core/describe/operation';
import { identityOf, rowsOf, textOf } from '../../core/describe/read';
import type { Row, SubAccount } from '../../core/describe/records';
import { recordList } from './answer';
import { accountOrOwn } from './fields';
import { timeOf } from './times';

const ROLES: Readonly<Record<string, SubAccount['role']>> = { 1: 'distributor', 2: 'endUser', 3: 'virtual' };
const BLOCKED: Readonly<Record<string, boolean>> = { 0: true, 1: false };

/** Sections 2.11 and 2.15. Mind blockstatus: 0 is blocked. */
export function toSubAccount(row: Row): SubAccount {
	return {
		account: identityOf(row.account, 'account'),
		name: textOf(row.username),
		email: textOf(row.email),
		mobile: textOf(row.mobile),
		telephone: textOf(row.telephone),
		role: ROLES[String(row.roletype)] ?? null,
		blocked: BLOCKED[String(row.blockstatus)] ?? null,
		createdAt: timeOf(row.createtime),
	};
}

/** One request of section 2.15, as the vendor answers it: at most 500 accounts. */
export const list = operation({
	resource: 'subAccount',
	name: 'getMany',
	title: 'Get Many',
	action: 'Get many sub-accounts',
	description:
		'List the sub-accounts of the account or of one of its sub-accounts. The vendor stops at 500; a longer list is completed from the sub-accounts below.',
	effect: 'read',
	route: 'GET /api/user/list',
	params: { account: accountOrOwn },
	answer: recordList,
	rows: (answer) => rowsOf(answer, 'a sub-account'),
	record: toSubAccount,
	kind: 'subAccount',
	list: true,
	evidence: { section: '2.15', grade: 'C' },
});
