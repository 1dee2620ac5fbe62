import { recordId } from '../describe/read';
import type { DaySummary } from '../describe/records';
import { instantOfLocal, localOfInstant } from '../describe/time';
import type { Point } from './clean-track';
import { Journeys, type TripRules } from './trips';

const DAY_MS = 86_400_000;

interface Day {
	summary: DaySummary;
	journeys: Journeys;
	/** When the next day begins, in milliseconds since 1970. */
	until: number;
}

/** Sums up the days of one device as they end. A day without a fix has no summary. */
export class DaySummaries {
	private day: Day | undefined;

	constructor(
		private readonly rules: TripRules,
		private readonly zone: string,
		private readonly emit: (summary: DaySummary) => void,
	) {}

	add(point: Point): void {
		let { day } = this;
		if (day !== undefined && point.time >= day.until) {
			day.journeys.addUntil(point);
			this.end();
			day = undefined;
		}
		day ??= this.begin(point);
		day.journeys.add(point);
		this.day = day;
	}

	end(): void {
		const { day } = this;
		if (day === undefined) return;
		day.journeys.end(true);
		const { summary } = day;
		this.emit({ ...summary, distance: Math.round(summary.distance * 1000) / 1000 });
	}

	private begin({ fix: { deviceName, plate, deviceId }, time }: Point): Day {
		const midnight = Math.floor(localOfInstant(time, this.zone) / DAY_MS) * DAY_MS;
		const date = new Date(midnight).toISOString().slice(0, 10);
		const from = instantOfLocal(midnight, this.zone);
		const until = instantOfLocal(midnight + DAY_MS, this.zone);
		const summary: DaySummary = {
			deviceName,
			plate,
			date,
			from: new Date(from).toISOString(),
			to: new Date(until).toISOString(),
			startedAt: null,
			endedAt: null,
			trips: 0,
			stops: 0,
			distance: 0,
			drivingSeconds: 0,
			idleSeconds: 0,
			maxSpeed: null,
			deviceId,
			id: recordId(deviceId, date, this.zone),
		};
		const journeys = new Journeys(
			this.rules,
			(trip) => {
				summary.startedAt ??= trip.startedAt;
				summary.endedAt = trip.endedAt;
				summary.trips += 1;
				summary.distance += trip.distance ?? 0;
				summary.drivingSeconds += trip.drivingSeconds ?? 0;
				summary.idleSeconds += trip.idleSeconds ?? 0;
				if (trip.maxSpeed !== null) summary.maxSpeed = Math.max(summary.maxSpeed ?? 0, trip.maxSpeed);
			},
			(stop) => {
				summary.stops += 1;
				summary.idleSeconds += stop.idleSeconds ?? 0;
			},
		);
		return { summary, journeys, until };
	}
}
