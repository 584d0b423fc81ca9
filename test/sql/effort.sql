-- Weighted touches, or hours; exact.
SELECT kind, icp_effort(kind) AS touches, icp_effort(kind, icp_effort_weights('hours')) AS hours, icp_effort(kind, '{"call": 0.1, "*": 2}') AS own FROM unnest('{call,meeting,email,note,Call,NULL}'::text[]) kind;
SELECT sum(icp_effort('call', '{"call": 0.1}')) = 1 AS exact FROM generate_series(1, 10);
SELECT icp_effort_weights(), icp_effort_weights(NULL), icp_effort('call', NULL);
SELECT icp_effort('call', '{"call": null}') AS none;
SELECT icp_effort_weights('days');
SELECT icp_effort('call', '{"call": "much"}');
