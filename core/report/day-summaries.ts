import { recordId } from '../describe/read';
import type { DaySummary } from '../describe/records';
import { instantOfLocal, localOfInstant } from '../describe/time';
import type { Point } from './clean-track';
import { Journeys, type TripRules } from './trips';

const DAY_MS = 86_400_000;

interface Day {
	summary: DaySummary;
	journeys: Journeys;
	/** Seconds with the engine on, as far as they are known. */
	idle: number;
	/** Whether one of its fixes says whether the ignition is on. */
	ignitionKnown: boolean;
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
		day.ignitionKnown ||= point.fix.ignition !== null;
		this.day = day;
	}

	end(): void {
		const { day } = this;
		if (day === undefined) return;
		day.journeys.end(true);
		const { summary, idle, ignitionKnown } = day;
		const distance = Math.round(summary.distance * 1000) / 1000;
		this.emit({ ...summary, distance, idleSeconds: ignitionKnown ? idle : null });
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
			idleSeconds: null,
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
				day.idle += trip.idleSeconds ?? 0;
				if (trip.maxSpeed !== null) summary.maxSpeed = Math.max(summary.maxSpeed ?? 0, trip.maxSpeed);
			},
			(stop) => {
				summary.stops += 1;
				day.idle += stop.idleSeconds ?? 0;
			},
		);
		const day: Day = { summary, journeys, idle: 0, ignitionKnown: false, until };
		return day;
	}
}
