/** Queues: one of each type for each API user, filled from the movement of the fleet when somebody looks. */
import { fixesBetween, type VehicleState } from '../fleet';
import { lastKnown, tripsEnding, type Trip } from '../journeys';
import { FAILED, HttpRefusal, Refusal } from './codes';
import type { Platform, Unit, User } from './platform';
import { detailedPosition, detailedTrip, scriptRecord } from './records';
import type { Session, Sessions } from './sessions';

export const QUEUE_TYPES = ['Positions', 'Trips', 'Scripts'] as const;

export type QueueType = (typeof QUEUE_TYPES)[number];

export interface Message {
	/** Its place in the queue, which no client sees. */
	number: number;
	unit: Unit;
	/** When it came to the queue. */
	time: number;
	content: { fix: VehicleState; second?: true } | { trip: Trip } | { script: number };
}

interface Delivery {
	message: Message;
	tag: number;
	/** Token of the session it was delivered to. */
	session: string;
}

interface Queue {
	user: User;
	type: QueueType;
	directAccess: boolean;
	subscribed: number;
	lastUsed: number;
	/** Up to where messages have been made. */
	filledUntil: number;
	numbers: number;
	ready: Message[];
	/** Delivered and not acknowledged. */
	open: Delivery[];
	/** Tags to keep of those in `ready` that were delivered before. */
	oldTags: Map<Message, { tag: number; session: string }>;
	/** The last tag given to a session; '' counts for the whole queue. */
	tags: Map<string, number>;
	delivered: number;
	acknowledged: number;
	lost: number;
}

export interface QueueState {
	username: string;
	type: QueueType;
	directAccess: boolean;
	subscribed: number;
	ready: number;
	unacknowledged: number;
	delivered: number;
	acknowledged: number;
	lost: number;
}

export const MAX_LIMIT = 1000;
const UNUSED = 14 * 86_400;
const DAY = 86_400;
const HOUR = 3600;
/** So many seconds of messages are made at a time. */
const STEP: Readonly<Record<QueueType, number>> = { Positions: 60, Trips: HOUR, Scripts: HOUR };

export class Queues {
	private readonly queues = new Map<string, Queue>();

	constructor(
		private readonly platform: Platform,
		private readonly sessions: Sessions,
	) {}

	/** Returns whether there was no such queue before. */
	subscribe(user: User, type: QueueType, directAccess: boolean): boolean {
		const known = this.find(user, type);
		if (known) {
			this.touch(known);
			return false;
		}
		const now = this.platform.now();
		this.queues.set(keyOf(user.username, type), {
			user,
			type,
			directAccess,
			subscribed: now,
			lastUsed: now,
			filledUntil: now,
			numbers: 0,
			ready: [],
			open: [],
			oldTags: new Map(),
			tags: new Map(),
			delivered: 0,
			acknowledged: 0,
			lost: 0,
		});
		return true;
	}

	unsubscribe(user: User, type: QueueType): void {
		this.queues.delete(keyOf(user.username, type));
	}

	/** The next messages with their tags. */
	take(
		{ user, token }: Session,
		type: QueueType,
		limit: number,
		autoack: boolean,
	): { message: Message; tag: number }[] {
		if (limit < 1 || limit > MAX_LIMIT) throw new HttpRefusal(400);
		const queue = this.queueFor(user, type);
		const { redelivery } = this.platform.settings;
		this.requeue(
			queue,
			(session) => !this.sessions.alive(session) || (redelivery === 'nextGet' && session === token),
		);
		this.fill(queue, limit);
		const deliveries = queue.ready
			.splice(0, limit)
			.map((message) => ({ message, session: token, tag: this.tagFor(queue, message, token) }));
		queue.delivered += deliveries.length;
		if (autoack) queue.acknowledged += deliveries.length;
		else queue.open.push(...deliveries);
		return deliveries;
	}

	/** Each tag acknowledges whatever is open up to it. Returns how many messages that were. */
	acknowledge({ user, token }: Session, type: QueueType, tags: readonly number[]): number {
		const queue = this.queueFor(user, type);
		const last = queue.tags.get(this.counterOf(token)) ?? 0;
		if (tags.some((tag) => tag < 1 || tag > last)) throw new Refusal(FAILED);
		if (this.platform.settings.acknowledging === 'ignored') return 0;
		const highest = Math.max(...tags);
		const before = queue.open.length + queue.ready.length;
		const covered = ({ session, tag }: { session: string; tag: number }) => session === token && tag <= highest;
		queue.open = queue.open.filter((delivery) => !covered(delivery));
		if (this.platform.settings.redeliveredTags === 'same') {
			// Those that wait to be delivered again under their old tags.
			queue.ready = queue.ready.filter((message) => {
				const old = queue.oldTags.get(message);
				return !old || !covered(old);
			});
		}
		const count = before - queue.open.length - queue.ready.length;
		queue.acknowledged += count;
		return count;
	}

	/** Takes the next messages away as if they had never come. Returns them. */
	lose(username: string, type: QueueType, count: number): Message[] {
		const queue = this.queues.get(keyOf(username, type));
		if (!queue) throw new Error(`${username} has no queue of ${type}`);
		this.fill(queue, count);
		const lost = queue.ready.splice(0, count);
		queue.lost += lost.length;
		return lost;
	}

	/** As if all sessions had ended: whatever is open comes again. */
	redeliver(): void {
		for (const queue of this.queues.values()) this.requeue(queue, () => true);
	}

	/** All that has come to a queue since the subscription, whatever became of it. */
	history(username: string, type: QueueType): Omit<Message, 'number'>[] {
		const queue = this.queues.get(keyOf(username, type));
		if (!queue) return [];
		const messages: Omit<Message, 'number'>[] = [];
		const now = this.platform.now();
		for (let begin = queue.subscribed + 1; begin <= now; begin += STEP[type])
			messages.push(...this.produced(queue, begin, Math.min(begin + STEP[type] - 1, now)));
		return messages;
	}

	states(): QueueState[] {
		return [...this.queues.values()].map((queue) => ({
			username: queue.user.username,
			type: queue.type,
			directAccess: queue.directAccess,
			subscribed: queue.subscribed,
			ready: queue.ready.length,
			unacknowledged: queue.open.length,
			delivered: queue.delivered,
			acknowledged: queue.acknowledged,
			lost: queue.lost,
		}));
	}

	record({ message, tag }: { message: Message; tag: number }) {
		const { unit, content } = message;
		const { settings } = this.platform;
		const record =
			'fix' in content
				? detailedPosition(unit, content.fix, settings)
				: 'trip' in content
					? detailedTrip(unit, content.trip, settings)
					: scriptRecord(unit, content.script, settings);
		const more = 'second' in content ? { StatusText: 'Battery Tamper', LocationString: '' } : {};
		const { DeliveryTag: _, ...rest } = { ...record, ...more };
		const { messageTags } = settings;
		if (messageTags === 'none') return rest;
		return {
			...rest,
			[messageTags === 'otherCase' ? 'deliveryTag' : 'DeliveryTag']: messageTags === 'text' ? `tag-${tag}` : tag,
		};
	}

	private find(user: User, type: QueueType): Queue | undefined {
		const key = keyOf(user.username, type);
		const queue = this.queues.get(key);
		if (queue && this.platform.now() - queue.lastUsed > UNUSED) this.queues.delete(key);
		return this.queues.get(key);
	}

	private queueFor(user: User, type: QueueType): Queue {
		const queue = this.find(user, type);
		if (!queue) throw new Refusal(FAILED);
		this.touch(queue);
		return queue;
	}

	private touch(queue: Queue): void {
		queue.lastUsed = this.platform.now();
	}

	private counterOf(token: string): string {
		return this.platform.settings.deliveryTags === 'session' ? token : '';
	}

	private tagFor(queue: Queue, message: Message, token: string): number {
		const old = queue.oldTags.get(message);
		queue.oldTags.delete(message);
		if (old?.session === token && this.platform.settings.redeliveredTags === 'same') return old.tag;
		const counter = this.counterOf(token);
		const tag = (queue.tags.get(counter) ?? 0) + 1;
		queue.tags.set(counter, tag);
		return tag;
	}

	private requeue(queue: Queue, which: (session: string) => boolean): void {
		const back = queue.open.filter(({ session }) => which(session));
		if (back.length === 0) return;
		queue.open = queue.open.filter(({ session }) => !which(session));
		for (const { message, tag, session } of back) queue.oldTags.set(message, { tag, session });
		queue.ready = [...back.map(({ message }) => message), ...queue.ready].sort((a, b) => a.number - b.number);
	}

	/** Makes messages until there are as many as asked for, or no more until now; drops those that are too old. */
	private fill(queue: Queue, wanted: number): void {
		const { messageTtlSeconds, queueDelaySeconds } = this.platform.settings;
		const now = this.platform.now();
		const oldest = now - messageTtlSeconds;
		queue.ready = queue.ready.filter(({ time }) => time >= oldest);
		if (now < queue.subscribed + queueDelaySeconds) {
			queue.filledUntil = now;
			return;
		}
		queue.filledUntil = Math.max(queue.filledUntil, oldest);
		while (queue.ready.length < wanted && queue.filledUntil < now) {
			const until = Math.min(queue.filledUntil + STEP[queue.type], now);
			for (const message of this.produced(queue, queue.filledUntil + 1, until))
				queue.ready.push({ ...message, number: ++queue.numbers });
			queue.filledUntil = until;
		}
	}

	private produced({ user, type }: Queue, begin: number, end: number): Omit<Message, 'number'>[] {
		const units = this.platform.unitsFor(user);
		if (type === 'Positions')
			return units.flatMap((unit) => this.positions(unit, begin, end)).sort((a, b) => a.time - b.time);
		if (type === 'Trips') return units.flatMap((unit) => this.trips(unit, begin, end));
		return units.flatMap((unit) => scripts(unit, begin, end));
	}

	/** Duplicates are filtered out, the document says: one message for each vehicle and second, or two that differ. */
	private positions(unit: Unit, begin: number, end: number): Omit<Message, 'number'>[] {
		const seconds = new Set<number>();
		const messages: Omit<Message, 'number'>[] = [];
		for (const fix of fixesBetween(unit.vehicle, begin, end, this.platform.settings.queueIntervalSeconds)) {
			if (seconds.has(fix.time)) continue;
			seconds.add(fix.time);
			messages.push({ unit, time: fix.time, content: { fix } });
			if (this.platform.settings.doubleMessages)
				messages.push({ unit, time: fix.time, content: { fix, second: true } });
		}
		return messages;
	}

	/** Once a day, those of the 24 hours before. */
	private trips(unit: Unit, begin: number, end: number): Omit<Message, 'number'>[] {
		const hour = this.platform.settings.tripsHour * HOUR;
		const time = Math.ceil((begin - hour) / DAY) * DAY + hour;
		if (time > end) return [];
		return tripsEnding(unit.vehicle, time - DAY + 1, time).map((trip) => ({ unit, time, content: { trip } }));
	}
}

/** Every hour, from the units that have them: every second one. */
function scripts(unit: Unit, begin: number, end: number): Omit<Message, 'number'>[] {
	const time = Math.ceil(begin / HOUR) * HOUR;
	if (time > end || unit.vehicle.index % 2 === 1 || lastKnown(unit.vehicle, time) !== time) return [];
	return [{ unit, time, content: { script: time } }];
}

function keyOf(username: string, type: QueueType): string {
	return `${username} ${type}`;
}
