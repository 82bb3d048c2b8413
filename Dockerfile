# The command in a container; a study's folder is mounted where it works:
#   docker build -t cx-value .
#   docker run --rm -v "$PWD":/work cx-value report data/my-survey
FROM python:3.12-slim
RUN pip install --no-cache-dir "uv>=0.5"
COPY pyproject.toml uv.lock README.md LICENSE /opt/cx-value/
COPY analysis /opt/cx-value/analysis
COPY report /opt/cx-value/report
COPY notebooks /opt/cx-value/notebooks
COPY data /opt/cx-value/data
RUN cd /opt/cx-value && uv sync --frozen --no-dev --no-editable --extra second-opinion \
    && mkdir /work && chmod 777 /work
ENV PATH="/opt/cx-value/.venv/bin:$PATH" HOME=/tmp MPLCONFIGDIR=/tmp/matplotlib
WORKDIR /work
ENTRYPOINT ["cx-value"]
CMD ["--help"]
