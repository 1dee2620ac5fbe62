/**
 * The roads of the simulated fleet, and the timetable that drives a vehicle round each of them.
 * A timetable is worked out once per route, second by second, so that any later question is one array look-up.
 */

export type Waypoint = readonly [latitude: number, longitude: number];

export interface Route {
	id: string;
	name: string;
	/** Letters in front of the number plates of vehicles based there. */
	plates: string;
	/** Highest speed driven and the limit above which a vehicle is speeding, both km/h. */
	cruise: number;
	speedLimit: number;
	/** Minutes with the ignition off at waypoints; waypoint 0 is the depot, where the loop begins and ends. */
	stops: Readonly<Record<number, number>>;
	waypoints: readonly Waypoint[];
}

export const ROUTES: readonly Route[] = [
	{
		id: 'bucharest-centre',
		name: 'Bucharest, centre',
		plates: 'B',
		cruise: 56,
		speedLimit: 52,
		stops: { 0: 8, 8: 2, 14: 3 },
		waypoints: [
			[44.45265, 26.08605],
			[44.45005, 26.09115],
			[44.4469, 26.09745],
			[44.4436, 26.0985],
			[44.44, 26.1],
			[44.43545, 26.10225],
			[44.4318, 26.1026],
			[44.4272, 26.1029],
			[44.42715, 26.108],
			[44.42695, 26.1145],
			[44.42635, 26.1222],
			[44.42895, 26.1301],
			[44.4317, 26.1383],
			[44.43665, 26.13665],
			[44.4412, 26.1338],
			[44.44555, 26.1302],
			[44.45005, 26.126],
			[44.45195, 26.119],
			[44.4534, 26.112],
			[44.45395, 26.1045],
			[44.4533, 26.0952],
		],
	},
	{
		id: 'bucharest-west',
		name: 'Bucharest, Militari and Cotroceni',
		plates: 'B',
		cruise: 56,
		speedLimit: 52,
		stops: { 0: 9, 7: 4, 12: 2 },
		waypoints: [
			[44.44665, 26.07565],
			[44.4475, 26.0683],
			[44.4426, 26.0608],
			[44.4392, 26.0556],
			[44.436, 26.0545],
			[44.431, 26.0541],
			[44.4268, 26.0552],
			[44.4265, 26.04],
			[44.4262, 26.023],
			[44.4258, 26.007],
			[44.4289, 25.9948],
			[44.434, 25.9902],
			[44.4345, 26.003],
			[44.43465, 26.0151],
			[44.43425, 26.033],
			[44.4343, 26.0452],
			[44.4346, 26.0561],
			[44.4348, 26.0643],
			[44.4352, 26.0745],
			[44.44015, 26.0791],
		],
	},
	{
		id: 'bucharest-airport',
		name: 'Bucharest, Otopeni airport',
		plates: 'IF',
		cruise: 78,
		speedLimit: 72,
		stops: { 0: 10, 11: 6 },
		waypoints: [
			[44.4533, 26.0851],
			[44.4572, 26.0829],
			[44.4616, 26.0804],
			[44.4672, 26.07815],
			[44.4741, 26.0747],
			[44.47985, 26.07205],
			[44.4862, 26.0753],
			[44.4929, 26.0786],
			[44.5065, 26.0834],
			[44.5289, 26.0761],
			[44.5494, 26.0708],
			[44.5708, 26.0844],
			[44.5691, 26.0746],
			[44.5491, 26.0704],
			[44.5287, 26.0757],
			[44.5064, 26.083],
			[44.4927, 26.0782],
			[44.4859, 26.0749],
			[44.4796, 26.0712],
			[44.4724, 26.0668],
			[44.4655, 26.0645],
			[44.4601, 26.0731],
			[44.4559, 26.0798],
		],
	},
	{
		id: 'cluj-city',
		name: 'Cluj-Napoca, from Mărăști to Mănăștur',
		plates: 'CJ',
		cruise: 54,
		speedLimit: 50,
		stops: { 0: 8, 7: 3, 18: 4 },
		waypoints: [
			[46.7693, 23.5895],
			[46.7703, 23.594],
			[46.7713, 23.5967],
			[46.7725, 23.602],
			[46.7745, 23.6075],
			[46.7771, 23.6135],
			[46.7783, 23.6215],
			[46.7722, 23.6265],
			[46.77, 23.623],
			[46.7668, 23.617],
			[46.7664, 23.6085],
			[46.7672, 23.5985],
			[46.7672, 23.593],
			[46.7662, 23.5812],
			[46.7656, 23.575],
			[46.7632, 23.566],
			[46.7603, 23.5585],
			[46.7568, 23.5498],
			[46.7507, 23.5345],
			[46.7531, 23.5452],
			[46.7556, 23.556],
			[46.7592, 23.5662],
			[46.765, 23.5735],
			[46.7678, 23.5832],
		],
	},
	{
		id: 'cluj-turda',
		name: 'Cluj-Napoca, Turda and the A3',
		plates: 'CJ',
		cruise: 90,
		speedLimit: 84,
		stops: { 0: 30, 6: 12 },
		waypoints: [
			[46.7555, 23.5923],
			[46.7412, 23.5938],
			[46.7258, 23.6087],
			[46.7131, 23.6186],
			[46.6842, 23.6512],
			[46.6285, 23.7024],
			[46.5694, 23.7858],
			[46.5523, 23.8042],
			[46.5718, 23.7486],
			[46.5896, 23.7102],
			[46.6133, 23.6518],
			[46.6431, 23.5846],
			[46.6629, 23.5108],
			[46.6897, 23.4462],
			[46.7252, 23.4041],
			[46.7528, 23.3846],
			[46.7487, 23.4328],
			[46.7462, 23.4903],
			[46.7506, 23.5338],
			[46.7569, 23.5513],
			[46.7598, 23.5751],
		],
	},
	{
		id: 'vienna-ring',
		name: 'Vienna, Ring and Praterstern',
		plates: 'W',
		cruise: 54,
		speedLimit: 50,
		stops: { 0: 7, 9: 3 },
		waypoints: [
			[48.21395, 16.36145],
			[48.2108, 16.3603],
			[48.2075, 16.3598],
			[48.2044, 16.3616],
			[48.2029, 16.3688],
			[48.2014, 16.3738],
			[48.2036, 16.3786],
			[48.2074, 16.3812],
			[48.2108, 16.3846],
			[48.2183, 16.3921],
			[48.2162, 16.3868],
			[48.2135, 16.3823],
			[48.2117, 16.3789],
			[48.2136, 16.3737],
			[48.2164, 16.3702],
			[48.2152, 16.3653],
		],
	},
];

export interface Timetable {
	/** Seconds of one loop, the stay at the depot included, and its length in metres. */
	period: number;
	length: number;
	/** One entry per second of the loop. */
	latitude: Float64Array;
	longitude: Float64Array;
	metres: Float64Array;
	speed: Float64Array;
	course: Int16Array;
	ignition: Uint8Array;
	/** Seconds of the loop at which the ignition is switched, and at which the speed limit is first exceeded. */
	ignitionOn: readonly number[];
	ignitionOff: readonly number[];
	speeding: readonly number[];
}

const ACCELERATION = 1.4; // m/s per second
const BRAKING = 2;
const CREEP = 1.5; // m/s; keeps the last metre before a stop from taking for ever
const IDLE_SECONDS = 15; // engine running before departure and after arrival
const TRAFFIC_LIGHT_SECONDS = 25;

const timetables = new Map<Route, Timetable>();

export function timetableOf(route: Route): Timetable {
	let timetable = timetables.get(route);
	if (!timetable) {
		timetable = buildTimetable(route);
		timetables.set(route, timetable);
	}
	return timetable;
}

function buildTimetable(route: Route): Timetable {
	const points = [...route.waypoints, route.waypoints[0]!];
	const last = points.length - 1;
	const start = [0]; // metres from the depot at which each segment begins
	for (let i = 0; i < last; i++) start.push(start[i]! + distance(points[i]!, points[i + 1]!));
	const courses = points.slice(0, last).map((point, i) => bearing(point, points[i + 1]!));
	const lengths = courses.map((_, i) => start[i + 1]! - start[i]!);
	const longest = lengths.indexOf(Math.max(...lengths)); // where the driver goes too fast
	const targets = courses.map((_, i) => (route.cruise / 3.6) * (i === longest ? 1 : [0.9, 0.8, 0.85, 0.7][i % 4]!));
	const trafficLight = (i: number) => route.cruise < 80 && i % 5 === 3; // none on a motorway
	const halts = (i: number) => i === last || trafficLight(i) || route.stops[i] !== undefined;

	const allowed = points.map((_, i) => {
		if (i === 0 || halts(i)) return 0;
		const turn = Math.abs(((courses[i]! - courses[i - 1]! + 540) % 360) - 180);
		return Math.min(targets[i - 1]!, targets[i]!) * (turn < 20 ? 1 : turn < 60 ? 0.6 : 0.35);
	});
	for (let i = last - 1; i >= 0; i--) {
		allowed[i] = Math.min(allowed[i]!, Math.sqrt(allowed[i + 1]! ** 2 + 2 * BRAKING * lengths[i]!));
	}

	const rows: {
		latitude: number;
		longitude: number;
		metres: number;
		speed: number;
		course: number;
		ignition: number;
	}[] = [];
	const record = (segment: number, metres: number, speed: number, ignition: boolean) => {
		const [from, to] = [points[segment]!, points[segment + 1]!];
		const part = (metres - start[segment]!) / lengths[segment]!;
		rows.push({
			latitude: from[0] + (to[0] - from[0]) * part,
			longitude: from[1] + (to[1] - from[1]) * part,
			metres: exact(metres),
			speed: speed * 3.6,
			course: courses[segment]!,
			ignition: ignition ? 1 : 0,
		});
	};
	const wait = (segment: number, metres: number, seconds: number, ignition: boolean) => {
		for (let i = 0; i < seconds; i++) record(segment, metres, 0, ignition);
	};

	wait(0, 0, IDLE_SECONDS, true);
	let metres = 0;
	let speed = 0;
	for (let segment = 0; segment < last; segment++) {
		const end = start[segment + 1]!;
		const halting = halts(segment + 1);
		while (metres < end) {
			const limit = Math.min(
				targets[segment]!,
				Math.sqrt(allowed[segment + 1]! ** 2 + 2 * BRAKING * (end - metres)),
			);
			speed = Math.max(CREEP, Math.min(speed + ACCELERATION, limit));
			metres += speed;
			if (metres < end) record(segment, metres, speed, true);
			else if (halting) metres = end;
			else record(segment + 1, metres, speed, true);
		}
		if (!halting) continue;
		speed = 0;
		const minutes = route.stops[(segment + 1) % last];
		if (minutes === undefined) {
			wait(segment, end, TRAFFIC_LIGHT_SECONDS, true);
		} else {
			wait(segment, end, IDLE_SECONDS, true);
			wait(segment, end, minutes * 60, false);
			if (segment + 1 < last) wait(segment, end, IDLE_SECONDS, true);
		}
	}

	const before = (second: number) => rows[(second + rows.length - 1) % rows.length]!;
	const moments = (test: (second: number) => boolean) => [...rows.keys()].filter(test);
	return {
		period: rows.length,
		length: exact(start[last]!),
		latitude: Float64Array.from(rows, (row) => row.latitude),
		longitude: Float64Array.from(rows, (row) => row.longitude),
		metres: Float64Array.from(rows, (row) => row.metres),
		speed: Float64Array.from(rows, (row) => row.speed),
		course: Int16Array.from(rows, (row) => row.course),
		ignition: Uint8Array.from(rows, (row) => row.ignition),
		ignitionOn: moments((s) => rows[s]!.ignition === 1 && before(s).ignition === 0),
		ignitionOff: moments((s) => rows[s]!.ignition === 0 && before(s).ignition === 1),
		speeding: moments((s) => rows[s]!.speed > route.speedLimit && before(s).speed <= route.speedLimit),
	};
}

/** A fraction that adds up without rounding errors, so that an odometer never runs back by one. */
function exact(metres: number): number {
	return Math.round(metres * 256) / 256;
}

const RADIANS = Math.PI / 180;

/** Metres between two points of the earth (haversine). */
export function distance([fromLat, fromLon]: Waypoint, [toLat, toLon]: Waypoint): number {
	const a =
		Math.sin(((toLat - fromLat) * RADIANS) / 2) ** 2 +
		Math.cos(fromLat * RADIANS) * Math.cos(toLat * RADIANS) * Math.sin(((toLon - fromLon) * RADIANS) / 2) ** 2;
	return 2 * 6_371_000 * Math.asin(Math.sqrt(a));
}

/** Whole degrees clockwise from north. */
function bearing([fromLat, fromLon]: Waypoint, [toLat, toLon]: Waypoint): number {
	const y = Math.sin((toLon - fromLon) * RADIANS) * Math.cos(toLat * RADIANS);
	const x =
		Math.cos(fromLat * RADIANS) * Math.sin(toLat * RADIANS) -
		Math.sin(fromLat * RADIANS) * Math.cos(toLat * RADIANS) * Math.cos((toLon - fromLon) * RADIANS);
	return Math.round(Math.atan2(y, x) / RADIANS + 360) % 360;
}
