import type { NodeAPI } from 'node-red';
import { trackgps } from '../../../providers/trackgps';
import { register } from '../register';

export = (RED: NodeAPI): void => register(RED, trackgps);
