import { drawAll } from "./waveform.js";

drawAll(document);
