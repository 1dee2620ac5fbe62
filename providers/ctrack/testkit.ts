import { PASSWORD, startCtrack, type CtrackOptions } from '../../simulators/ctrack';
import type { Simulator, TestKitOf } from '../../test/support/testkit';

const ACCOUNT = 'API_Demo';
const DAY = 86_400_000;

async function start(options: CtrackOptions): Promise<Simulator> {
	const simulator = await startCtrack(options);
	return {
		...simulator,
		queued: () =>
			simulator
				.history(ACCOUNT, 'Positions')
				.map(({ unit, time }) => ({ deviceId: String(unit.nodeId), time: time * 1000 })),
	};
}

const json = async <T>(url: string) => (await (await fetch(url)).json()) as T;
const logIn = async (url: string) =>
	(await json<{ SessionToken: string }>(`${url}/Membership/Login?Username=${ACCOUNT}&Password=${PASSWORD}`))
		.SessionToken;

interface Position {
	NodeId: number;
	EventTimeUTC: string;
	Latitude: number;
	Longitude: number;
	Speed: number;
	Ignition: boolean;
	RunningOdo: number;
}

export const testkit: TestKitOf = () => ({
	start: ({ limited: _, anyTime: _any, plain: _plain, ...options } = {}) => start(options),
	// Queues that were subscribed to a day ago, so that there are messages in them.
	startStocked: async (now) => {
		const simulator = await start({ clock: () => now - DAY });
		const token = await logIn(simulator.url);
		for (const type of ['Positions', 'Trips', 'Scripts'])
			await json(`${simulator.url}/Queues/${token}/Subscribe?type=${type}&directAccess=false`);
		simulator.advance(DAY);
		simulator.requests.length = 0;
		return simulator;
	},
	startRevocable: async (options) => {
		const simulator = await startCtrack({ ...options, unknownVehicles: 'refuse' });
		const centres = new Map([...simulator.units].map(([id, { costCentre }]) => [id, costCentre]));
		return {
			...simulator,
			ids: [...simulator.units.keys()].map(String),
			revoke: (id, gone = true) => {
				simulator.units.get(Number(id))!.costCentre = gone
					? { nodeId: 1, name: 'sold' }
					: centres.get(Number(id))!;
			},
		};
	},
	settings: { account: ACCOUNT, secret: PASSWORD, speedUnit: 'kmh', odometerUnit: 'metre' },

	login: /\/Membership\/Login$/,
	refusal: /refuses the account or its secret/,
	loggedIn: (token) => ({ ErrorCode: 0, SessionToken: token, SessionDurationMinutes: 60 }),
	refused: (words) => ({ ErrorCode: words }),
	refusedDevice: { status: 200, body: { ErrorCode: 12 } },
	success: {
		code: 'ErrorCode',
		beside: {},
		writes: [{ ErrorCode: 0, Result: 'Success' }],
		empty: { Vehicles: [] },
		// Records may come without a code, but not with one that says nothing.
		allowed: [undefined],
	},
	objection: ({ path, query }, { status }) =>
		// What a driver can be searched by is not documented, so any text goes.
		[400, 405].includes(status) && !path.endsWith('/GetDriver')
			? `HTTP ${String(status)} to ${path} ${JSON.stringify(query)}`
			: undefined,

	device: '566',
	strangers: ['999999', '999998'],
	read: 'device.getMany',
	positions: /\/GetLastVehiclePositions$/,
	large: ['position.getCurrentOfAll', 'queue.getScripts'],

	row: 'a record',

	vehicles: async ({ url }) => {
		const token = await logIn(url);
		const { VehicleList } = await json<{ VehicleList: { NodeId: number; VehicleRegistration: string }[] }>(
			`${url}/Vehicles/${token}/GetVehicles`,
		);
		const plates = new Map(VehicleList.map((one) => [one.NodeId, one.VehicleRegistration]));
		const { LastVehiclePositions } = await json<{ LastVehiclePositions: Position[] }>(
			`${url}/Vehicles/${token}/GetLastVehiclePositionsforAuthenticatedUser`,
		);
		return LastVehiclePositions.map((one) => ({
			plate: plates.get(one.NodeId) ?? '',
			time: Date.parse(one.EventTimeUTC) / 1000,
			latitude: one.Latitude,
			longitude: one.Longitude,
			speed: one.Speed,
			ignition: one.Ignition,
			odometer: one.RunningOdo / 1000,
		}));
	},

	counts: {
		sections: 39,
		batched: ['position.getCurrent'],
		each: ['position.getCurrent', 'device.getOdometer', 'device.getRunningHours'],
	},
});
