import type { Vendor } from '../vendor';
import { ctrack } from './index';

export const vendor: Vendor = {
	provider: ctrack,
	module: 'ctrack',
	covers: 'vehicles, trips, drivers, cost centres, message queues',
	extent: 'every documented method',
	notes: [
		'Ctrack can report an error for a single record of an answer. Such a record has its identity and an `error`, in words; all other values are null. Triggers do not compare it.',
		"Ctrack's page mentions status values to filter by. Its methods have no such parameter: the words belong to the page's template.",
	],
	keywords: [],
	icon: {
		drawing: [
			'<path d="M47 17a21 21 0 1 0 0 26" stroke="{letter}" stroke-width="9" stroke-linecap="round"/>',
			'<path d="M25 30h26" stroke="{road}" stroke-width="6" stroke-linecap="round" stroke-dasharray="8 9"/>',
		],
		light: { letter: '#C2410C', road: '#475569' },
		dark: { letter: '#FB923C', road: '#CBD5E1' },
	},
	n8n: {
		className: 'Ctrack',
		node: 'Read vehicles, trips, drivers and message queues with Ctrack',
		trigger: 'Starts the workflow when vehicles move, end trips or fall silent in Ctrack',
		queueTrigger:
			'Starts the workflow with the messages of a queue of Ctrack, which come again until they are acknowledged or expire',
		alias: ['telematics', 'trip', 'queue'],
		test: { path: '/CostCentres/GetCostCentres' },
	},
	color: '#D2A98C',
};
