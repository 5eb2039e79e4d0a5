import { render } from "preact";

import { App } from "./app";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/goals.css";
import "./styles/kpis.css";
import "./styles/moment.css";
import "./styles/alignment.css";
import "./styles/coming-in.css";
import "./styles/objective.css";
import "./styles/readings.css";
import "./styles/burn-up.css";
import "./styles/changes.css";
import "./styles/provable.css";
import "./styles/texts.css";
import "./styles/looking-back.css";

render(<App />, document.getElementById("app")!);
