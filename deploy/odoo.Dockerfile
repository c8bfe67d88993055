# Odoo 19 with the Fynlo addons: the official image, our Python packages and our addons on top.
FROM odoo:19.0

USER root
COPY requirements.txt requirements.lock /opt/fynlo/
# --ignore-installed: packages of the image's own distribution carry no record that pip could uninstall
RUN pip3 install --no-cache-dir --break-system-packages --ignore-installed \
        -r /opt/fynlo/requirements.txt -c /opt/fynlo/requirements.lock

COPY --chown=odoo deploy/entrypoint.sh deploy/keys.py /opt/fynlo/deploy/
COPY --chown=odoo addons /mnt/extra-addons
COPY --chown=odoo odoo.conf /etc/odoo/odoo.conf
RUN install -d -o odoo -g odoo -m 0700 /var/lib/fynlo

USER odoo
ENV FYNLO_KEYS_DIR=/var/lib/fynlo/keys FYNLO_PEPPER_FILE=/var/lib/fynlo/pepper \
    FYNLO_APPLE_PAY_DIR=/var/lib/fynlo/apple-pay
ENTRYPOINT ["/opt/fynlo/deploy/entrypoint.sh"]
CMD ["odoo"]
