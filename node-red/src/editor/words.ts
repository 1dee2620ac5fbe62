import type { Fields } from '../../../core/describe/field';
import type { Provider } from '../../../core/describe/provider';
import { requestSettings } from '../request-settings';

/** What the dialogs and the status line say in English; the catalog's own words come on top. */
const WORDS = {
	account: {
		name: 'Name',
		namePlaceholder: 'Name shown in flows',
		tls: 'TLS',
		proxy: 'Proxy',
		false: 'No',
		true: 'Yes',
		test: 'Test login',
		testing: 'Logging in …',
		testNote: 'Logs in with the values above. Nothing is saved.',
		http: 'This address is plain http: logins, positions and commands travel unencrypted. Try the same address with https:// and keep it if the test succeeds.',
		failed: 'The test could not be run: __message__',
		denied: 'Your user may not do this. It takes the permissions flows.write and fleetwire-__vendor__.write.',
	},
	request: {
		account: 'Account',
		resource: 'Resource',
		operation: 'Operation',
		name: 'Name',
		output: 'Output',
		simplified: 'Simplified: the same fields for every vendor',
		raw: "Raw: the vendor's own fields",
		worldmap: 'Worldmap: ready for the map node',
		result: 'Send',
		message: 'One message with all records',
		record: 'A message for each record',
		limit: 'Limit',
		limitHint: 'Maximum number of records; 0 returns all of them.',
		timeout: 'Timeout',
		timeoutHint: 'Seconds that one run may take in all, with waiting and paging. Empty: __minutes__ minutes.',
		none: 'This operation has no parameters.',
		command:
			'Acts on vehicles or accounts. “Allow Commands” must be on in the account and below. It is sent exactly once: check msg.payload.outcome.',
		write: 'Changes data at the vendor. It is sent exactly once: check msg.payload.outcome.',
		unknown: '__operation__ is not known to this version',
		choose: 'Choose …',
		picked: 'picked',
		time: 'time',
		type: '__title__: type of value',
		secret: 'Not stored in the flow: take it from a message, the context or an environment variable.',
	},
	trigger: {
		event: 'Event',
		interval: 'Every',
		intervalHint: 'Seconds between two polls: __seconds__ by default, and at least __leastSeconds__.',
		record: 'A message for each event',
		message: 'One message with all events of a poll',
		acknowledge: 'Acknowledge',
		acknowledgeHint: 'Messages that are not acknowledged remain in the queue and come again.',
		sent: 'When the messages have been sent',
		operation: 'By an Acknowledge operation in the flow',
		acknowledgeWithin: 'Within',
		acknowledgeWithinHint:
			'Minutes that the flow has to acknowledge. After that, the same messages are sent again; msg.attempt counts.',
		store: 'Remember in',
		storeHint:
			'Where the node notes which events it has sent, for the next start of Node-RED. A file is the safest.',
		file: "A file in Node-RED's folder",
		context: 'The context store “__name__”',
		unreadable:
			'The saved position of this trigger cannot be read (__reason__), so it starts over: events since the last run may be missing. The file is kept as __keptAs__.',
		lost: 'What triggers remember is in __folder__, which is lost when this container is replaced: events may then be missing. Put that folder on a volume.',
		'lost-choose':
			'What triggers remember is in __folder__, which is lost when this container is replaced: events may then be missing. Choose the context store “__store__” in Remember in.',
		'other-account': 'The account was changed, so this trigger starts over, as First Run says, at __time__.',
		notPolled: 'The node could not be asked to poll: __message__',
	},
	picker: {
		open: 'Choose from the account',
		all: 'All devices',
		search: 'Search',
		loading: 'Asking the vendor …',
		empty: 'The account has none.',
		nothing: 'Nothing matches.',
		more: '__count__ more: type to find them.',
		noAccount: 'Choose an account first.',
		noDefault: 'Give the subflow property __name__ a default account first.',
	},
	problem: {
		missing: '__title__ is missing',
		between: '__title__ must be between __min__ and __max__',
		least: '__title__ must be at least __min__',
		most: '__title__ must be at most __max__',
		operation: 'Operation: __operation__ is not known',
		event: 'Event: __event__ is not known',
		interval: 'Every: at least __leastSeconds__ seconds',
		minutes: 'Within: more than 0 minutes',
		newer: 'Saved by a newer version of @fleetwire/node-red-fleet: update the package',
	},
	status: {
		asking: 'asking',
		waitingSeconds: 'waiting __seconds__ s',
		waitingMinutes: 'waiting __minutes__ min',
		queued: '__count__ waiting',
		queuedFor: '__count__ waiting, __age__',
		queuedForShort: '__count__ wait, __age__',
		seconds: '__count__ s',
		record: '1 record',
		records: '__count__ records',
		new: '__count__ new, __time__',
		nothing: 'nothing new, __time__',
		newLate: '__count__ new, lag __minutes__ min',
		looked: 'checked __minutes__ min ago',
		limitedSeconds: 'limited, __seconds__ s',
		limitedMinutes: 'limited, __minutes__ min',
		since: '__problem__, __age__',
		noAnswer: 'no answer for __age__',
		minutes: '__count__ min',
		hours: '__count__ h',
		days: '__count__ d',
		unacknowledged: '__count__ to acknowledge',
		paused: 'paused',
		confirmed: 'confirmed',
		sent: 'sent',
		timedOut: 'no answer yet',
		answered: 'answered',
		failed: 'failed',
		unknown: 'outcome unknown',
		account: 'account incomplete',
		InvalidParams: 'invalid input',
		LoginRejected: 'login refused',
		SessionExpired: 'session ended',
		SessionContested: 'account in use',
		NotPermitted: 'not permitted',
		NotFound: 'not found',
		RateLimited: 'too many requests',
		DeviceOffline: 'device offline',
		VendorFault: 'vendor fault',
		Unreachable: 'unreachable',
		TimedOut: 'timed out',
		NotSent: 'not sent',
		Dropped: 'dropped',
		Stopped: 'stopped',
		TooLarge: 'answer too large',
		PartialResult: 'some devices failed',
		UnexpectedAnswer: 'unexpected answer',
		NotStored: 'state not stored',
		NotRead: 'state not readable',
		NewerVersion: 'needs an update',
	},
	admin: {
		unknownAccount: 'This account is not deployed yet, or in a subflow that no flow uses.',
		loggedIn: 'Logged in as __account__.',
		unknownTrigger: 'this node is not deployed, or in a subflow that no flow uses',
		polling: 'Polling …',
	},
} as const;

const filled = (text: string, values: Readonly<Record<string, number>>) =>
	text.replace(/__([a-zA-Z]+)__/g, (_, name: string) => String(values[name]));

/** Where there is no login: what is tried is a key. */
const keyWords = (title: string) => ({
	account: { ...WORDS.account, test: 'Test key' },
	admin: { ...WORDS.admin, loggedIn: `${title} accepts the key.` },
});

/** The message catalog of one vendor's nodes. */
export function wordsOf(provider: Provider): object {
	const { login, title } = provider;
	return {
		...WORDS,
		...(login === undefined ? keyWords(title) : {}),
		palette: { account: `${provider.title} account` },
		request: {
			...WORDS.request,
			timeoutHint: filled(WORDS.request.timeoutHint, { minutes: provider.limits.deadlineMs / 60_000 }),
		},
		trigger: { ...WORDS.trigger, intervalHint: filled(WORDS.trigger.intervalHint, provider.limits.poll) },
		connection: fieldWords(provider.connection),
		setting: fieldWords(requestSettings),
	};
}

const fieldWords = (fields: Fields) =>
	Object.fromEntries(
		Object.entries(fields).map(([name, { title, description, options }]) => [
			name,
			{
				title,
				description,
				...(options === undefined
					? {}
					: { options: Object.fromEntries(options.map((option) => [option.value, option.title])) }),
			},
		]),
	);
