import { isComputed } from '../../core/describe/operation';
import { createFleet } from '../../simulators/fleet';
import { DEFAULT_PATHS, PASSWORD, startItracksense, type Section } from '../../simulators/itracksense';
import { fromLocalTime } from '../../simulators/zones';
import { sections, type TestKitOf } from '../../test/support/testkit';
import { nameOf } from './method';

const ACCOUNT = 'demo';
const ZONE = 'Asia/Shanghai';

const post = async (url: string, body: object, token = '') =>
	(await (
		await fetch(url, {
			method: 'POST',
			headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
			body: JSON.stringify(body),
		})
	).json()) as { Data: unknown };
const logIn = async (url: string) =>
	(await post(`${url}/api/user/GetLoginToken`, { LoginName: ACCOUNT, PassWord: PASSWORD })).Data as string;

interface Position {
	VehicleNum: string;
	GPSTime: string | null;
	Lat: number;
	Lon: number;
	Speed: number;
	Status: number;
	Mileage: string;
}

export const testkit: TestKitOf = ({ provider }) => ({
	start: ({ limited: _, anyTime: _any, plain: _plain, ...options } = {}) => startItracksense(options),
	// With a text message in its log, which is empty at first.
	startStocked: async (now) => {
		const simulator = await startItracksense({ clock: () => now });
		const message = { ICCID: '89401000000000000000', Content: 'STATUS#' };
		await post(simulator.url + DEFAULT_PATHS[35], message, await logIn(simulator.url));
		simulator.requests.length = 0;
		return simulator;
	},
	startRevocable: async (options) => {
		const simulator = await startItracksense({ ...options, unknownDevices: 'refuse' });
		const lost = new Set<string>();
		for (const account of simulator.accounts) account.sees = ({ imei }) => !lost.has(imei);
		return {
			...simulator,
			ids: [...simulator.devices.keys()],
			revoke: (id, gone = true) => {
				if (gone) lost.add(id);
				else lost.delete(id);
			},
		};
	},
	settings: {
		account: ACCOUNT,
		secret: PASSWORD,
		timeZone: ZONE,
		allowWebLinks: true,
		// The document lost these paths; those of the simulator are what the vendor's support would tell a customer.
		methodPaths: JSON.stringify(
			Object.fromEntries(
				provider.operations
					.filter((one) => one.evidence.grade === 'G' && !isComputed(one))
					.map((operation) => [
						nameOf(operation),
						DEFAULT_PATHS[Number(operation.evidence.section) as Section],
					]),
			),
		),
	},

	login: /\/GetLoginToken$/,
	refusal: /refuses|password/i,
	loggedIn: (token) => ({ Code: 200, Data: token, ErrMsg: '' }),
	refused: (words) => ({ Code: 500, Data: null, ErrMsg: words }),
	refusedDevice: { status: 200, body: { Code: 404, Data: null, ErrMsg: 'Device not found' } },
	success: {
		code: 'Code',
		beside: { Data: null, ErrMsg: null },
		writes: [
			{ Code: 200, Data: '0', ErrMsg: 'OK' },
			{ Code: 200, Data: null, ErrMsg: 'OK' },
		],
		empty: { Data: { total: 0, data: [] } },
	},
	objection: ({ path, body }, { body: text }) => {
		// Which values are dangerous is not documented; what the simulator takes for it, people write too.
		if (/'|--|;/.test(body)) return undefined;
		const { Code = 0 } = JSON.parse(text.startsWith('{') && text.length < 2000 ? text : '{}') as { Code?: number };
		return [401, 402, 403].includes(Code) ? `Code ${String(Code)} to ${path} ${body}` : undefined;
	},

	device: createFleet()[0]?.imei ?? '',
	strangers: ['nobody', 'none'],
	omitsStrangers: true,
	read: 'device.getMany',
	positions: /\/GetCurrentVehicleInfo\w*$/,
	large: ['alarm.getMany', 'lock.set'],

	row: 'a position',

	vehicles: async ({ url }) => {
		const { Data } = await post(
			`${url}/api/vehicle/GetCurrentVehicleInfo`,
			{ VehiclePlates: '' },
			await logIn(url),
		);
		return (Data as { data: Position[] }).data.map((one) => ({
			plate: one.VehicleNum,
			time: fromLocalTime(ZONE, one.GPSTime ?? '') ?? NaN,
			latitude: one.Lat,
			longitude: one.Lon,
			speed: one.Speed,
			ignition: one.Status === 1,
			odometer: Number(one.Mileage),
		}));
	},

	counts: {
		sections: sections(4, 42),
		batched: ['position.getCurrent', 'position.getCurrentByPlate'],
		each: ['position.getCurrent', 'position.getCurrentByPlate', 'device.getConsumption'],
	},
});
