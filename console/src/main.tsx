import { render } from "preact";

import { App } from "./app";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/quarter.css";
import "./styles/goals.css";
import "./styles/charts.css";
import "./styles/history.css";
import "./styles/forms.css";
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
import "./styles/causes.css";

render(<App />, document.getElementById("app")!);
