import { createHash } from 'node:crypto';
import { createFleet } from '../../simulators/fleet';
import {
	PASSWORD,
	startProtrack,
	type AnswerKind,
	type ProtrackOptions,
	type ProtrackSimulator,
} from '../../simulators/protrack';
import { editionOf } from '../../simulators/protrack/brand';
import { sections, type Simulator, type TestKitOf } from '../../test/support/testkit';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever a method answers
type Json = any;

const common = (simulator: ProtrackSimulator): Simulator => ({
	...simulator,
	lastCommand: () => simulator.commands.at(-1)?.id,
	answerCommands: (kind) => simulator.answerCommands(kind as AnswerKind),
	messages: () => simulator.messages.map(({ content }) => content),
});
const start = async (options: ProtrackOptions) => common(await startProtrack(options));

const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const json = async (url: string): Promise<Json> => (await fetch(url)).json();

export const testkit: TestKitOf = ({ provider: { name: brand } }) => {
	const newer = editionOf(brand) === 'trackceo';
	return {
		start: ({ limited: _, anyTime = false, ...options } = {}) =>
			start({
				brand,
				newerFields: newer && options.plain === true,
				...(anyTime ? { allowedSkewSeconds: 1e9 } : {}),
				...options,
			}),
		startStocked: (now) => start({ brand, clock: () => now, answersAfterSeconds: 0 }),
		startRevocable: async (options) => {
			const simulator = await startProtrack({ brand, ...options });
			const owners = new Map([...simulator.devices].map(([imei, { owner }]) => [imei, owner]));
			const stranger = simulator.accounts.find(({ account }) => account === 'noapi')!;
			return {
				...common(simulator),
				ids: [...simulator.devices.keys()],
				revoke: (imei, gone = true) => {
					simulator.devices.get(imei)!.owner = gone ? stranger : owners.get(imei)!;
				},
			};
		},
		settings: { account: 'demo', secretType: 'password', secret: PASSWORD },

		login: /\/api\/authorization$/,
		refusal: /refuses the account or its password/,
		secretForms: (secret) => [md5(secret)],
		loggedIn: (token) => ({ code: 0, record: { access_token: token, expires_in: 7200 } }),
		// 10004 is a parameter that is wrong, 20018 a command that the platform has not got.
		refused: (words) => ({ code: newer ? 10004 : 20018, message: words }),
		success: {
			code: 'code',
			beside: { message: '' },
			write: { code: 0, record: { commandid: '1' } },
			empty: { record: [] },
		},
		objection: ({ path, query, body }, { body: text }) => {
			const { code = 0 } = JSON.parse(text.length < 2000 ? text : '{}') as { code?: number };
			// An IMEI has 15 digits in the document; trackers of the platform are known with 10 to 17 (facts).
			const unusual = `${query.imeis ?? ''},${query.imei ?? ''}`
				.split(',')
				.some((imei) => imei !== '' && imei.length !== 15 && /^\d{10,17}$/.test(imei));
			return [10001, 10004, 10005, 10006].includes(code) && !(unusual && code === 10004)
				? `code ${String(code)} to ${path} ${JSON.stringify(query)} ${body}`
				: undefined;
		},

		device: createFleet()[0]?.imei ?? '',
		strangers: ['999999999999999', '999999999999998'],
		read: 'device.getMany',
		positions: /\/api\/track$/,
		large: ['position.getHistory', 'alarm.getMany', 'command.send'],

		row: 'a position',
		textEvents: true,

		vehicles: async ({ url, now }) => {
			const time = Math.floor(now() / 1000);
			const signature = md5(md5(PASSWORD) + String(time));
			const { record: session } = await json(
				`${url}/api/authorization?time=${String(time)}&account=demo&signature=${signature}`,
			);
			const token = `access_token=${String(session.access_token)}`;
			const { record: devices } = await json(`${url}/api/device/list?${token}`);
			const plates = new Map<string, string>(devices.map((one: Json) => [one.imei, one.platenumber]));
			const { record: positions } = await json(`${url}/api/track?${token}&imeis=${[...plates.keys()].join()}`);
			return positions.map((one: Json) => ({
				...one,
				plate: plates.get(one.imei),
				time: one.gpstime,
				ignition: one.accstatus === 1,
				odometer: one.mileage < 0 ? null : one.mileage / 1000,
			}));
		},
		// It has stopped taking anything from devices 5 and 6, and device 10 tells it next to nothing.
		silent: [5, 6, 10],

		counts: {
			sections: sections(1, newer ? 16 : 15, '2.'),
			batched: ['position.getCurrent', 'device.get', 'device.getMileage'],
			each: ['position.getCurrent', 'device.get', 'device.getMileage'],
		},
	};
};
