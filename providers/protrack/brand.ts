import type { Grade } from '../../core/describe/operation';
import type { Icon } from '../vendor';

/** What differs between the brands' documents; everything else is the same. */
export interface Brand {
	name: string;
	title: string;
	/** Stem of its class names in n8n: Vendor.n8n.className. */
	className: string;
	baseUrl: string;
	/** Kinds of alarm in section 2.8, counted from 1. */
	alarmTypes: number;
	/** Whether section 2.5 has SET_MILEAGE. */
	setsMileage: boolean;
	/** Whether there is a section 2.16, modify sub-customer password. */
	setsPasswords: boolean;
	/** Which of the platform's methods it has: Vendor.extent. */
	extent: string;
	/** How sure the methods are at best; C, unless the document is another brand's. */
	atBest?: Grade;
	icon: Icon;
	/** Colour in Node-RED's palette. */
	color: string;
}
