/** TrackGPS.ro. */
import type { Answer, VendorRequest } from '../exchange';
import { MADE_UP } from './answers';
import { deviceRefused, keyCase, loginFails, OF_ANY, page, sessionEnds } from './forms';
import type { Oddity, Row, Ways } from './stranger';

const HEADERS = { 'content-type': 'application/json; charset=utf-8' };
const json = (body: unknown, status = 200): Answer => ({
	status,
	headers: HEADERS,
	body: JSON.stringify(body),
	code: MADE_UP,
});

function askedFor({ body }: VendorRequest): string[] {
	if (!body.startsWith('{')) return [];
	const { carrierId, vehiclesList } = JSON.parse(body) as Row;
	return [carrierId, ...(Array.isArray(vehiclesList) ? (vehiclesList as unknown[]) : [])]
		.filter((id) => id !== undefined)
		.map(String);
}

const ODDITIES: readonly Oddity[] = [
	...OF_ANY,
	deviceRefused,
	keyCase((key) => key.charAt(0).toLowerCase() + key.slice(1)),
	keyCase((key) => key.toLowerCase()),
	keyCase((key) => key.toUpperCase()),
	sessionEnds('the session ends in documented words', () => [{ ...json(''), status: 401, body: '' }]),
	loginFails('logins fail for a fault of the vendor', [page(502), page(503)]),
];

export const trackgps: Ways = {
	isLogin: ({ path }) => path.endsWith('/authentication/login'),
	isWrite: () => false,
	tokenOf: ({ headers }) => /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1],
	askedFor,
	identity: ['vehicleId'],
	ok: 0,
	refusal: (code) =>
		code === 'envelope'
			? json({
					payload: null,
					isSuccess: false,
					correlationId: '3fa85f64-5717-4562-b3fc-2c963f66afa6',
					failureReasons: [{ errorCode: '401', errorParameters: [] }],
				})
			: { status: Number(code), headers: {}, body: '', code: MADE_UP },
	deviceCodes: [401, 403, 'envelope'],
	oddities: ODDITIES,
};
