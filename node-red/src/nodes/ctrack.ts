import type { NodeAPI } from 'node-red';
import { ctrack } from '../../../providers/ctrack';
import { register } from '../register';

export = (RED: NodeAPI): void => register(RED, ctrack);
