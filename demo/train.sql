-- Learns the model main from the demo's deals and makes every lead carry its label.
SELECT * FROM icp_train('main', 'icp_deals', '{"leads": "icp_leads", "roles": {"open": ["New", "Demo", "Proposal"]}}');
CREATE TRIGGER lead_icp BEFORE INSERT OR UPDATE ON lead FOR EACH ROW
EXECUTE FUNCTION icp_score_lead('main', 'icp_cohort=cohort', 'icp_label=label', 'icp_priority=priority');
