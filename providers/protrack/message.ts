import { asFleetError } from '../../core/describe/errors';
import { ids, text } from '../../core/describe/field';
import { operation } from '../../core/describe/operation';
import { CONFIRMED } from '../../core/describe/outcome';
import type { Row } from '../../core/describe/records';
import { chunks } from '../../core/call/windows';
import { acknowledged } from './answer';

const ACCOUNTS_PER_REQUEST = 200;

export const send = operation({
	resource: 'message',
	name: 'send',
	title: 'Send',
	action: 'Send a message to accounts',
	description: 'Send a text to any number of accounts',
	effect: 'write',
	route: 'POST /api/message/send',
	params: {
		accounts: ids({
			title: 'Accounts',
			description: 'Names of the accounts to write to',
			lookup: 'subAccount',
			noun: 'account',
			typedAs: 'Name',
			pattern: /^[^,\n]{1,100}$/,
			expected: 'must be a name of at most 100 characters, without commas',
			parting: 'commas',
			placeholder: 'e.g. demo, demotest',
		}),
		content: text({
			title: 'Content',
			description: 'Text of the message, at most 300 characters',
			placeholder: 'e.g. Please call the office',
			max: 300,
		}),
	},
	request: ({ accounts, content }) => ({ query: { accounts: accounts.join(','), content } }),
	target: ({ accounts }) => ({ target: accounts.join(','), command: 'Send message' }),
	answer: acknowledged,
	rows: (_, { accounts }): Row[] => [{ ...CONFIRMED, target: accounts.join(',') }],
	run: async function* (run, { accounts, content }) {
		let sent = 0;
		for (const some of chunks(accounts, ACCOUNTS_PER_REQUEST)) {
			try {
				yield await run.request({ accounts: some, content });
			} catch (thrown) {
				const error = asFleetError(thrown);
				// What earlier requests did must not be lost with an error: from the second on, a failure is an outcome
				// too.
				if (sent === 0) throw error;
				yield [
					{
						target: some.join(','),
						outcome: error.effect === 'unknown' ? 'unknown' : 'failed',
						explanation: error.sentence,
					},
				];
			}
			sent += some.length;
		}
	},
	list: true,
	evidence: { section: '2.13', grade: 'C' },
});
