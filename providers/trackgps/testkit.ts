import { PASSWORD, startTrackgps } from '../../simulators/trackgps';
import { fromLocalTime } from '../../simulators/zones';
import type { TestKitOf } from '../../test/support/testkit';

const ACCOUNT = 'demo';
const ZONE = 'Europe/Bucharest';

const json = async <T>(url: string, init?: RequestInit) => (await (await fetch(url, init)).json()) as T;

interface Vehicle {
	VehicleRegistrationNumber: string;
	GpsDate: string | null;
	Latitude: number;
	Longitude: number;
	Speed: number;
	EngineEvent: number;
}

export const testkit: TestKitOf = () => ({
	start: ({ limited = false, anyTime: _, plain: _plain, ...options } = {}) =>
		startTrackgps({ ...options, ...(limited ? {} : { rateLimit: null }) }),
	settings: { account: ACCOUNT, secret: PASSWORD, timeZone: ZONE },

	login: /\/authentication\/login$/,
	refusal: /refuses|password/i,
	loggedIn: (token) => ({ access_token: token, token_type: 'Bearer', expires_in: 28_800 }),
	refused: (words) => ({
		payload: null,
		isSuccess: false,
		failureReasons: [{ errorCode: 'Failed', errorParameters: [words] }],
		error: 'invalid_grant',
		error_description: words,
	}),
	refusedDevice: {
		status: 401,
		body: { payload: null, isSuccess: false, failureReasons: [{ errorCode: '401', errorParameters: [] }] },
	},
	success: {
		code: 'isSuccess',
		beside: { payload: [] },
		// Nothing can be written.
		writes: [],
		empty: { payload: [] },
		allowed: [true],
	},
	objection: ({ path, query, body }, { status, body: text }) =>
		[400, 415].includes(status) ? `${text.slice(0, 200)} to ${path} ${JSON.stringify(query)} ${body}` : undefined,

	device: '41001',
	strangers: ['999999', '999998'],
	omitsStrangers: true,
	read: 'device.getMany',
	positions: /\/company-vehicles$/,
	large: ['fuel.getRefills'],

	row: 'a vehicle',
	rareEvents: true,
	slow: true,

	vehicles: async ({ url }) => {
		const form = new URLSearchParams({ username: ACCOUNT, password: PASSWORD });
		const { access_token } = await json<{ access_token: string }>(
			`${url}/api/authentication/login?api-version=2.0`,
			{
				method: 'POST',
				body: form,
			},
		);
		const { Payload } = await json<{ Payload: Vehicle[] }>(`${url}/api/carriers/company-vehicles?api-version=2.0`, {
			headers: { authorization: `Bearer ${access_token}` },
		});
		return Payload.map((one) => ({
			plate: one.VehicleRegistrationNumber,
			time: fromLocalTime(ZONE, one.GpsDate ?? '') ?? NaN,
			latitude: one.Latitude,
			longitude: one.Longitude,
			speed: one.Speed,
			ignition: one.EngineEvent === 1,
			odometer: null,
		}));
	},

	counts: {
		// The login, the document's method and five more.
		sections: 7,
		batched: ['position.getCurrent'],
		each: ['position.getCurrent', 'fuel.getConsumption'],
	},
});
