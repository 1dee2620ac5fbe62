import { NotFound } from '../../core/describe/errors';
import { text } from '../../core/describe/field';
import { operation } from '../../core/describe/operation';
import { CONFIRMED } from '../../core/describe/outcome';
import { asRow, idTextOf } from '../../core/describe/read';
import { acknowledged, recordOrNone } from './answer';
import { account } from './fields';
import { md5 } from './md5';
import { list, toSubAccount } from './sub-account-list';
import { wholeList } from './whole-list';

export const getMany = {
	...list,
	run: ((run, { account: of }) =>
		wholeList(of, {
			run,
			ask: (name) => run.request({ account: name }),
			idOf: (row) => idTextOf(row.account),
		})) as typeof list.run,
};

export const get = operation({
	resource: 'subAccount',
	name: 'get',
	title: 'Get',
	action: 'Get a sub-account',
	description: 'Get name, contact, role and state of a sub-account',
	effect: 'read',
	route: 'GET /api/user/info',
	params: { account },
	answer: recordOrNone,
	rows: (answer, { account: name }) => {
		if (answer === undefined || answer === null || answer === '' || Array.isArray(answer))
			throw new NotFound(`The vendor has no account "${name}" that this account may see.`, {
				permanent: false,
				advice: 'Check its name: it must be as in the list of sub-accounts.',
			});
		return [asRow(answer, 'an account')];
	},
	record: toSubAccount,
	kind: 'subAccount',
	evidence: { section: '2.11', grade: 'C' },
});

/** What the three operations that act on a sub-account have in common. */
const acting = {
	resource: 'subAccount',
	effect: 'command',
	answer: acknowledged,
	rows: () => [CONFIRMED],
} as const;

export const block = operation({
	...acting,
	name: 'block',
	title: 'Block',
	action: 'Block a sub-account',
	description: 'Lock a sub-account out until it is unblocked',
	route: 'POST /api/user/block',
	params: { account },
	target: ({ account: target }) => ({ target, command: 'Block' }),
	evidence: { section: '2.9', grade: 'C' },
});

export const unblock = operation({
	...acting,
	name: 'unblock',
	title: 'Unblock',
	action: 'Unblock a sub-account',
	description: 'Let a blocked sub-account in again',
	route: 'POST /api/user/unblock',
	params: { account },
	target: ({ account: target }) => ({ target, command: 'Unblock' }),
	evidence: { section: '2.10', grade: 'C' },
});

export const setPassword = operation({
	...acting,
	name: 'setPassword',
	title: 'Set Password',
	action: 'Set the password of a sub-account',
	description: 'Give a sub-account a new password. Only its md5 is sent.',
	route: 'POST /api/user/password/set',
	params: {
		account,
		newPassword: text({
			title: 'New Password',
			description: 'New password of the sub-account',
			secret: true,
			secretForms: (secret) => [md5(secret)],
			max: 100,
		}),
	},
	request: ({ account: name, newPassword }) => ({ query: { account: name, password: md5(newPassword) } }),
	target: ({ account: target }) => ({ target, command: 'Set password' }),
	evidence: { section: '2.16', grade: 'C' },
});
