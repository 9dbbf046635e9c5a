// htmx for pages that swap a part. Its own style sheet and the evaluation of
// code in attributes stay off: the site's policy allows neither.
import htmx from "htmx.org";

htmx.config.includeIndicatorCSS = false;
