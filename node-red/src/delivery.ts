import type { NodeAPI, NodeMessage, NodeMessageInFlow } from 'node-red';

export type Send = (msg: NodeMessage) => void;

/** How an operation's records leave the node. */
export interface Delivery {
	add(records: readonly object[]): void;
	/** After the last record; returns their number. */
	end(): number;
}

/** What a record is about: goes into msg.topic. */
function topicOf(record: object): string | undefined {
	const { deviceId, account, driverId, groupId, target } = record as Record<string, unknown>;
	return [deviceId, account, driverId, groupId, target].find((value) => typeof value === 'string');
}

/** All records in one message, the one that came in; the record itself where there can be only one. */
export class OneMessage implements Delivery {
	private readonly records: object[] = [];

	constructor(
		private readonly msg: NodeMessageInFlow,
		private readonly send: Send,
		private readonly list: boolean,
	) {}

	add(records: readonly object[]): void {
		for (const record of records) this.records.push(record);
	}

	end(): number {
		const { msg, records } = this;
		const [first] = records;
		msg.payload = this.list ? records : (first ?? null);
		if (!this.list && first !== undefined) msg.topic = topicOf(first) ?? msg.topic;
		this.send(msg);
		return records.length;
	}
}

/** Up to this many records are held back, so that each can tell how many there are. */
const HELD = 1000;

/**
 * A message for each record, with msg.parts for Join, Sort and Batch. Up to 1000 records carry their number from the
 * first message on; of a longer stream, which is passed on page by page, only the last ones do, which is enough for
 * Join.
 */
export class MessagePerRecord implements Delivery {
	private held: object[] = [];
	private sent = 0;
	private readonly id: string;
	private readonly rest: NodeMessage;

	constructor(
		private readonly RED: NodeAPI,
		msg: NodeMessageInFlow,
		private readonly send: Send,
		/** Whether others send the records too: each has copies of its own, as they could be changed. */
		private readonly shared = false,
	) {
		// The incoming payload is replaced: no need to copy it for each record.
		const { payload: _, ...rest } = msg;
		this.rest = rest;
		this.id = RED.util.generateId();
	}

	add(records: readonly object[]): void {
		for (const record of records) this.held.push(record);
		if (this.held.length <= HELD) return;
		const last = this.held.pop();
		const ready = this.held;
		this.held = last === undefined ? [] : [last];
		for (const record of ready) this.pass(record);
	}

	end(): number {
		const count = this.sent + this.held.length;
		for (const record of this.held) this.pass(record, count);
		this.held = [];
		return count;
	}

	private pass(record: object, count?: number): void {
		const msg = this.RED.util.cloneMessage(this.rest);
		const outer = (msg as { parts?: object }).parts;
		// As Split does: a sequence within a sequence keeps the outer one.
		const parts = {
			id: this.id,
			type: 'array',
			index: this.sent,
			len: 1,
			...(count === undefined ? {} : { count }),
			...(outer === undefined ? {} : { parts: outer }),
		};
		this.sent += 1;
		const payload = this.shared ? structuredClone(record) : record;
		this.send({ ...msg, payload, topic: topicOf(record) ?? msg.topic, parts });
	}
}
