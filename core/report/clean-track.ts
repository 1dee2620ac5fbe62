import type { Computation } from '../describe/operation';
import { metresBetween, type Place } from '../describe/place';
import { foldedName } from '../describe/read';
import type { Fix, TrackPoint } from '../describe/records';
import { AHEAD_SECONDS, msOfIso } from '../describe/time';

/** No vehicle is faster, in km/h. */
export const FASTEST = 300;
/** Fixes of a standing vehicle are up to so many metres apart. */
const SCATTER = 100;
/** So many fixes that follow from each other are where the vehicle is. */
const AGREEING = 3;
/** Where all devices are asked for, so many can have a track: far more than any fleet has. */
export const MOST_TRACKS = 25_000;

/** A fix that can be computed with. */
export interface Point extends Place {
	fix: Fix;
	/** Milliseconds since 1970. */
	time: number;
	/** Whether the vehicle moves; trips set it. */
	moving: boolean;
}

/** A degree of latitude; one of longitude is no longer. */
const METRES_PER_DEGREE = 111_196;

function follows(a: Point, b: Point): boolean {
	if (b.time <= a.time) return false;
	const most = SCATTER + ((b.time - a.time) / 3600) * FASTEST;
	const { latitude, longitude } = a;
	// Most are so near that it need not be calculated how near.
	const atMost = (Math.abs(b.latitude - latitude) + Math.abs(b.longitude - longitude)) * METRES_PER_DEGREE;
	return atMost <= most || metresBetween(a, b) <= most;
}

/** Why fixes are left out, in the order of the sentence. */
const REASONS = {
	noPlace: 'without place or time',
	ahead: 'dated in the future',
	unordered: 'doubled or out of order',
	jumps: 'where no vehicle can have been',
	unasked: 'of devices that were not asked for',
	tooMany: `of other devices than the first ${MOST_TRACKS.toLocaleString('en')}`,
};
type LeftOut = Record<keyof typeof REASONS, number>;

/** What is made of the track of one device. */
export interface OfTrack {
	add(point: Point): void;
	/** No more fixes come. */
	end(): void;
}

/**
 * The track of one device. The newest fix is held back until another follows from it: one that is ahead of its time, or
 * far from its place, would otherwise make all that come after it wrong.
 */
class Track {
	private before: Point | undefined;
	private held: Point | undefined;
	/** They follow from each other, and not from the one that is held back. */
	private apart: Point[] = [];
	private made: OfTrack | undefined;

	constructor(
		private readonly begin: () => OfTrack,
		private readonly leftOut: LeftOut,
	) {}

	add(point: Point): void {
		const { held, before, apart } = this;
		if (held === undefined) this.held = point;
		else if (point.time === (apart.at(-1) ?? held).time || point.time === held.time) this.leftOut.unordered += 1;
		else if (follows(held, point)) {
			this.leaveOutApart(held);
			this.advance(held, point);
		} else if (before !== undefined && point.time <= before.time) this.leftOut.unordered += 1;
		else this.addApart(held, point);
	}

	end(): void {
		if (this.held === undefined) return;
		this.emit(this.held);
		this.leaveOutApart(this.held);
		this.made?.end();
	}

	private emit(point: Point): void {
		// A device with a single fix takes no more than that until the end.
		this.made ??= this.begin();
		this.made.add(point);
	}

	private addApart(held: Point, point: Point): void {
		const tail = this.apart.at(-1);
		if (tail !== undefined && !follows(tail, point)) this.leaveOutApart(held);
		this.apart.push(point);
		if (this.apart.length < AGREEING) return;
		const [first = point, ...others] = this.apart;
		this.apart = [];
		// Without the one that was held back, it may be one track.
		if (this.before === undefined || follows(this.before, first)) {
			this.leftOut.jumps += 1;
			this.held = first;
		} else this.advance(held, first);
		for (const other of others) this.advance(this.held ?? first, other);
	}

	private advance(held: Point, next: Point): void {
		this.emit(held);
		this.before = held;
		this.held = next;
	}

	private leaveOutApart(held: Point): void {
		for (const { time } of this.apart) this.leftOut[time < held.time ? 'unordered' : 'jumps'] += 1;
		this.apart = [];
	}
}

/**
 * Leaves out fixes that cannot be right, device by device. Nothing is put in their place: a gap remains a gap. Memory
 * depends on the number of devices that were asked for, and neither on the length of their tracks nor on the names that
 * a vendor makes up.
 */
export class CleanTrack implements Computation {
	private readonly tracks = new Map<string, Track>();
	private readonly leftOut: LeftOut = { noPlace: 0, ahead: 0, unordered: 0, jumps: 0, unasked: 0, tooMany: 0 };
	private readonly latest: number;
	private readonly asked: ReadonlySet<string> | undefined;
	private count = 0;

	/**
	 * @param now milliseconds since 1970
	 * @param devices those that were asked for; undefined: all
	 * @param begin what is made of the track of one of them
	 * @param onCorrected gets the points of a path that the vendor has corrected
	 */
	constructor(
		now: number,
		devices: readonly string[] | undefined,
		private readonly begin: () => OfTrack,
		private readonly onCorrected: (fix: Fix) => void = () => undefined,
	) {
		this.latest = now + AHEAD_SECONDS * 1000;
		this.asked = devices && new Set(devices.map(foldedName));
	}

	add(record: object): void {
		const fix = record as Fix & Partial<TrackPoint>;
		const { deviceId, latitude, longitude } = fix;
		// It has neither a time nor a place in WGS-84, and was asked for.
		if (fix.corrected === true) return this.onCorrected(fix);
		this.count += 1;
		const time = fix.time === null ? NaN : msOfIso(fix.time);
		if (latitude === null || longitude === null || Number.isNaN(time)) this.leftOut.noPlace += 1;
		else if (time > this.latest) this.leftOut.ahead += 1;
		else {
			const track = this.tracks.get(deviceId) ?? this.beginTrack(deviceId);
			track?.add({ fix, time, latitude, longitude, moving: false });
		}
	}

	private beginTrack(deviceId: string): Track | undefined {
		const { asked, tracks, leftOut } = this;
		if (asked === undefined ? tracks.size >= MOST_TRACKS : !asked.has(foldedName(deviceId))) {
			leftOut[asked === undefined ? 'tooMany' : 'unasked'] += 1;
			return undefined;
		}
		const track = new Track(this.begin, leftOut);
		tracks.set(deviceId, track);
		return track;
	}

	*end(): Generator<undefined> {
		for (const [deviceId, track] of this.tracks) {
			track.end();
			this.tracks.delete(deviceId);
			yield;
		}
	}

	get warnings(): string[] {
		const reasons = (Object.keys(REASONS) as (keyof LeftOut)[]).filter((reason) => this.leftOut[reason] > 0);
		const sum = reasons.reduce((total, reason) => total + this.leftOut[reason], 0);
		if (sum === 0) return [];
		const list = reasons
			.map((reason) => `${this.leftOut[reason].toLocaleString('en')} ${REASONS[reason]}`)
			.join(', ');
		return [`Fixes left out: ${sum.toLocaleString('en')} of ${this.count.toLocaleString('en')} (${list}).`];
	}
}
