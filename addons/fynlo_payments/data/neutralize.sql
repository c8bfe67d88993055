-- A copy of a database cannot charge: with the flag that Odoo's own base sets here (database.is_neutralized) every
-- connection to a provider outside is refused, whatever the environment of the copy's process holds. Payments that
-- were under way stay as they were: nobody asks about them any more.

-- no merchant session is asked for with the original's certificates
UPDATE fynlo_apple_pay_certificate
   SET state = 'retired'
 WHERE state <> 'retired';

-- no location takes cards, and none names a key or an account of the original's
UPDATE pos_config
   SET fynlo_stripe_mode = NULL,
       fynlo_stripe_key = NULL,
       fynlo_stripe_account = NULL,
       fynlo_stripe_terminal_location = NULL;
