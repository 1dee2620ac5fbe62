import { describe, expect, test } from 'vitest';
import { UNNAMED, type Alarm, type Fix, type GeofenceEvent, type Position } from '../../core/describe/records';
import { escaped, MapMaker, namesOf } from './worldmap';

const position: Position = {
	id: '1:2026',
	deviceId: '1',
	...UNNAMED,
	details: null,
	time: '2026-01-31T08:00:00.000Z',
	seenAt: null,
	latitude: 44.4,
	longitude: 26.1,
	speed: 50,
	course: 90,
	status: 'online',
	ignition: true,
	ignitionSeconds: null,
	doorOpen: null,
	charging: null,
	fuelSupply: null,
	armed: null,
	odometer: 1234.5,
	distanceToday: null,
	battery: null,
	externalVoltage: null,
	fuel: null,
	temperature: null,
	address: null,
};
const fix = (deviceId: string, latitude: number | null): Fix => ({
	...UNNAMED,
	deviceId,
	time: null,
	latitude,
	longitude: latitude,
	speed: 1,
	course: 1,
	odometer: null,
	ignition: null,
});
const maker = (kind: 'position' | 'fix' | 'alarm') => new MapMaker(kind, 'TrackCEO', (id) => `Van ${id}`);
/** Keys that the map takes as something else than text for the popup (platforms' own list). */
const RESERVED = [
	'keys',
	'command',
	'action',
	'area',
	'radius',
	'length',
	'options',
	'position',
	'building',
	'arc',
	'coordinates',
	'type',
	'popup',
	'geojson',
	'accuracy',
];

describe('a position on the map', () => {
	test('is one flat marker with one heading and a speed with its unit', () => {
		const [marker = {}] = maker('position').add([position]);
		expect(marker).toMatchObject({
			name: 'Van 1',
			lat: 44.4,
			lon: 26.1,
			layer: 'TrackCEO',
			hdg: 90,
			speed: '50 kph',
			state: 'moving',
		});
		expect(
			Object.keys(marker).filter(
				(key) => RESERVED.includes(key) || ['heading', 'bearing', 'track'].includes(key),
			),
		).toEqual([]);
		for (const value of Object.values(marker)) expect(['string', 'number']).toContain(typeof value);
	});

	test.each([
		[{ speed: 0, ignition: true }, 'idling'],
		[{ speed: 0, ignition: false }, 'parked'],
		[{ speed: 40, status: 'offline' as const }, 'offline'],
	])('%o is %s', (part, state) => {
		expect([...maker('position').add([{ ...position, ...part }])][0]).toMatchObject({ state });
	});

	test('without a course is no arrow, and no line ahead: both would point north', () => {
		const [marker = {}] = maker('position').add([{ ...position, course: null }]);
		expect(marker).toMatchObject({ lat: 44.4, lon: 26.1, icon: 'fa-circle', speed: '50 kph', state: 'moving' });
		for (const key of ['heading', 'bearing', 'track', 'lineColor']) expect(marker).not.toHaveProperty(key);
		// Null takes away the heading that the map has kept of the marker.
		expect(marker.hdg).toBeNull();
		const [north = {}] = maker('position').add([{ ...position, course: 0 }]);
		expect(north).toMatchObject({ icon: 'arrow', hdg: 0 });
	});

	test('is left out without coordinates', () => {
		expect([...maker('position').add([{ ...position, latitude: null, longitude: null }])]).toEqual([]);
	});
});

test('a track without an end is drawn up to a million points, and an error says so', () => {
	const map = new MapMaker('fix', 'Ctrack', (deviceId) => `Van ${deviceId}`);
	const page = new Array<Fix>(10_000).fill(fix('1', 44.4));
	for (let count = 0; count < 100; count++) expect([...map.add(page)]).toEqual([]);
	expect(() => [...map.add(page)]).toThrow(
		expect.objectContaining({
			code: 'TooLarge',
			permanent: true,
			message: 'The track of Van 1 has more than 1,000,000 points, which no map draws.',
		}) as Error,
	);
	expect([...map.end()]).toMatchObject([{ points: 1_000_000 }]);
});

test('a track is one line for each device', () => {
	const map = maker('fix');
	const lines = [
		...map.add([fix('1', 1), fix('1', null), fix('1', 2), fix('2', 3)]),
		...map.add([fix('2', 4), fix('3', 5)]),
		...map.end(),
	];
	expect(lines).toMatchObject([
		{
			name: 'Van 1 track',
			line: [
				[1, 1],
				[2, 2],
			],
		},
		{
			name: 'Van 2 track',
			line: [
				[3, 3],
				[4, 4],
			],
		},
	]);
	expect(new Set(lines.map(({ color }) => color)).size).toBe(2);
});

test('an alarm is a marker of its own, and its words stay text', () => {
	const alarm: Alarm = {
		...UNNAMED,
		id: 'x',
		deviceId: '<b>1',
		type: 'sos',
		title: '<img src=x onerror=alert(1)>',
		vendorType: '1',
		time: '2026-01-31T08:00:00.000Z',
		recordedAt: null,
		latitude: 1,
		longitude: 2,
		speed: null,
		course: null,
		geofenceId: null,
	};
	const [marker] = new MapMaker('alarm', 'TrackCEO', namesOf([])).add([alarm]);
	expect(JSON.stringify(marker)).not.toMatch(/[<>]/);
	expect(marker).not.toHaveProperty('speed');
	expect(escaped('&"\u202e\u001b')).toBe('＆&#34; ');
});

test('a geofence event is told in words', () => {
	const event: GeofenceEvent = {
		...UNNAMED,
		id: 'x',
		deviceId: '1',
		type: 'left',
		geofenceId: '7',
		geofenceName: 'Depot',
		time: '2026-01-31T08:00:00.000Z',
		latitude: 1,
		longitude: 2,
	};
	expect([...new MapMaker('geofenceEvent', 'Ctrack', String).add([event])]).toMatchObject([
		{ name: '1: Depot left, 2026-01-31T08:00:00.000Z', layer: 'Ctrack events', kind: 'left' },
	]);
});

test('two vehicles of one name keep apart', () => {
	const name = namesOf([
		{ value: '1', title: 'Van · A 1 · 1' },
		{ value: '2', title: 'Van · A 2 · 2' },
		{ value: '3', title: 'Bus <3> · 3' },
	]);
	expect(['1', '2', '3', '4'].map(name)).toEqual(['Van 1', 'Van 2', 'Bus ‹3›', '4']);
});
