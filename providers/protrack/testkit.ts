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

const common = (simulator: ProtrackSimulator): Simulator => ({
	...simulator,
	lastCommand: () => simulator.commands.at(-1)?.id,
	answerCommands: (kind) => simulator.answerCommands(kind as AnswerKind),
	messages: () => simulator.messages.map(({ content }) => content),
});
const start = async (options: ProtrackOptions) => common(await startProtrack(options));

const md5 = (text: string) => createHash('md5').update(text).digest('hex');
/** What an answer's record holds. */
const recordOf = async <T>(url: string) => ((await (await fetch(url)).json()) as { record: T }).record;

interface Position {
	imei: string;
	gpstime: number;
	latitude: number;
	longitude: number;
	speed: number;
	accstatus: number;
	mileage: number;
}

export const testkit: TestKitOf = ({ provider: { name: brand } }) => {
	const newer = editionOf(brand) === 'trackceo';
	return {
		start: ({ limited: _, anyTime = false, ...options } = {}) =>
			start({
				brand,
				newerFields: newer,
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
		refusedDevice: { status: 200, body: { code: 20046, message: 'Target has expired' } },
		success: {
			code: 'code',
			beside: { message: '' },
			writes: [{ code: 0, record: { commandid: '1' } }, { code: 0, message: '' }, { code: 0 }],
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

		vehicles: async (simulator) => {
			const { url } = simulator;
			const time = Math.floor(simulator.now() / 1000);
			const signature = md5(md5(PASSWORD) + String(time));
			const session = await recordOf<{ access_token: string }>(
				`${url}/api/authorization?time=${String(time)}&account=demo&signature=${signature}`,
			);
			const token = `access_token=${session.access_token}`;
			const devices = await recordOf<{ imei: string; platenumber: string }[]>(`${url}/api/device/list?${token}`);
			const plates = new Map(devices.map(({ imei, platenumber }) => [imei, platenumber]));
			const positions = await recordOf<Position[]>(
				`${url}/api/track?${token}&imeis=${[...plates.keys()].join()}`,
			);
			return positions.map(({ imei, gpstime, accstatus, mileage, ...where }) => ({
				...where,
				plate: plates.get(imei) ?? '',
				time: gpstime,
				ignition: accstatus === 1,
				odometer: mileage < 0 ? null : mileage / 1000,
			}));
		},
		// It has stopped taking anything from devices 5 and 6, and device 10 tells it next to nothing.
		silent: [5, 6, 10],

		counts: {
			// 2.16 is in the newer document only.
			sections: sections(1, 16, '2.').filter((section) => newer || section !== '2.16'),
			batched: ['position.getCurrent', 'device.get', 'device.getMileage'],
			each: ['position.getCurrent', 'device.get', 'device.getMileage'],
		},
	};
};
