import { TooLarge } from '../../core/describe/errors';
import type { Choice } from '../../core/describe/field';
import type { Alarm, Fix, GeofenceEvent, LockEvent, Position, RecordKind } from '../../core/describe/records';
import { plain } from '../../core/describe/words';

/** Kinds of record that can be drawn. */
export const MAPPABLE: readonly RecordKind[] = ['position', 'fix', 'trackPoint', 'alarm', 'geofenceEvent', 'lockEvent'];

/** What happened somewhere, of whichever kind. */
type Happening = Pick<Alarm, 'deviceId' | 'time' | 'latitude' | 'longitude'> & {
	title: string;
	type: string;
	speed: number | null;
};

/** What node-red-contrib-web-worldmap draws. Keys that it does not know land in the marker's popup, as html. */
type Marker = Record<string, string | number | null | [number, number][]>;

/** Of one track, which is drawn once it is complete. */
const MOST_POINTS = 1_000_000;
/** Below this, km/h are a parked vehicle's jitter. */
const MOVING = 3;
const COLOURS = {
	moving: '#2e7d32',
	idling: '#ef6c00',
	parked: '#1565c0',
	offline: '#757575',
	alarm: '#c62828',
} as const;
const TRACK_COLOURS = ['#1565c0', '#2e7d32', '#ad1457', '#ef6c00', '#6a1b9a', '#00838f'];

/** The map renders text as html, in attributes too: what a vendor sends must stay text. */
export function escaped(text: string): string {
	return plain(text).replace(/["'`]/g, (sign) => `&#${String(sign.charCodeAt(0))};`);
}

/**
 * What markers are called: the map tells markers apart by name, so two vehicles of one name keep their identifiers.
 * @param choices the vendor's list of devices, where it has one
 */
export function namesOf(choices: readonly Choice[]): (deviceId: string) => string {
	// A picker's title is "name · plate · identifier".
	const short = new Map(choices.map(({ value, title }) => [value, title.split(' · ')[0] ?? value]));
	const uses = new Map<string, number>();
	for (const name of short.values()) uses.set(name, (uses.get(name) ?? 0) + 1);
	return (deviceId) => {
		const name = short.get(deviceId);
		return escaped(
			name === undefined || name === deviceId ? deviceId : uses.get(name) === 1 ? name : `${name} ${deviceId}`,
		);
	};
}

/** Turns records into what goes to a map. A record without coordinates is left out: a null would be drawn at 0,0. */
export class MapMaker {
	private track: { deviceId: string; line: [number, number][] } | undefined;
	private tracks = 0;

	constructor(
		private readonly kind: RecordKind,
		private readonly layer: string,
		private readonly name: (deviceId: string) => string,
	) {}

	/** Markers, or the tracks of devices that are complete. */
	*add(records: readonly object[]): Generator<Marker> {
		for (const record of records) {
			if (this.kind === 'fix' || this.kind === 'trackPoint') yield* this.fix(record as Fix);
			else {
				const marker =
					this.kind === 'position'
						? this.position(record as Position)
						: this.happening(this.happeningOf(record));
				if (marker !== undefined) yield marker;
			}
		}
	}

	/** The last track. */
	*end(): Generator<Marker> {
		const { track } = this;
		this.track = undefined;
		// A line needs two ends.
		if (track === undefined || track.line.length < 2) return;
		const color = TRACK_COLOURS[this.tracks++ % TRACK_COLOURS.length] ?? COLOURS.parked;
		yield {
			name: `${this.name(track.deviceId)} track`,
			deviceId: escaped(track.deviceId),
			layer: `${this.layer} tracks`,
			line: track.line,
			color,
			weight: 4,
			points: track.line.length,
		};
	}

	private position({
		deviceId,
		latitude,
		longitude,
		speed,
		course,
		status,
		ignition,
		time,
		seenAt,
		odometer,
		fuel,
		battery,
	}: Position): Marker | undefined {
		if (latitude === null || longitude === null) return undefined;
		const silent = status !== null && status !== 'online';
		const state = silent ? 'offline' : (speed ?? 0) >= MOVING ? 'moving' : ignition === true ? 'idling' : 'parked';
		const marker = flat({
			name: this.name(deviceId),
			deviceId: escaped(deviceId),
			lat: latitude,
			lon: longitude,
			layer: this.layer,
			icon: course === null ? 'fa-circle' : 'arrow',
			iconColor: COLOURS[state],
			// The map draws a line ahead of what moves: where it will be in a minute.
			lineColor: course === null ? null : COLOURS[state],
			hdg: course,
			speed: speed === null ? null : `${String(speed)} kph`,
			state: silent ? status : state,
			ignition: ignition === null ? null : ignition ? 'on' : 'off',
			fixed: time,
			seen: seenAt,
			odometer: odometer === null ? null : `${String(Math.round(odometer))} km`,
			fuel,
			battery: battery === null ? null : `${String(battery)} %`,
		});
		// The map keeps what a marker had before, unless it is null; an arrow without a heading would point north.
		return course === null ? { ...marker, hdg: null } : marker;
	}

	private happeningOf(record: object): Happening {
		if (this.kind === 'alarm')
			return { ...(record as Alarm), time: (record as Alarm).time ?? (record as Alarm).recordedAt };
		if (this.kind === 'lockEvent')
			return {
				...(record as LockEvent),
				title: (record as LockEvent).title ?? (record as LockEvent).type,
				speed: null,
			};
		const event = record as GeofenceEvent;
		const type = event.type ?? 'crossed';
		return {
			...event,
			type,
			title: `${event.geofenceName ?? event.geofenceId ?? 'Geofence'} ${type}`,
			speed: null,
		};
	}

	private happening({ deviceId, type, title, time, latitude, longitude, speed }: Happening): Marker | undefined {
		if (latitude === null || longitude === null) return undefined;
		return flat({
			// One marker for each: the map moves a marker when its name comes again.
			name: `${this.name(deviceId)}: ${escaped(title)}, ${time ?? ''}`,
			deviceId: escaped(deviceId),
			lat: latitude,
			lon: longitude,
			layer: `${this.layer} ${this.kind === 'alarm' ? 'alarms' : 'events'}`,
			icon: 'fa-exclamation-triangle',
			iconColor: COLOURS.alarm,
			kind: escaped(type),
			speed: speed === null ? null : `${String(speed)} kph`,
			happened: time,
		});
	}

	private *fix({ deviceId, latitude, longitude }: Fix): Generator<Marker> {
		if (this.track?.deviceId !== deviceId) {
			yield* this.end();
			this.track = { deviceId, line: [] };
		}
		const { line } = this.track;
		if (line.length >= MOST_POINTS)
			throw new TooLarge(
				`The track of ${this.name(deviceId)} has more than ${MOST_POINTS.toLocaleString('en')} points, which no map draws.`,
				{ scope: 'call', permanent: true, advice: 'Ask for a shorter period.' },
			);
		if (latitude !== null && longitude !== null) line.push([latitude, longitude]);
	}
}

function flat(marker: Record<string, string | number | null>): Marker {
	return Object.fromEntries(
		Object.entries(marker).filter((entry): entry is [string, string | number] => entry[1] !== null),
	);
}
