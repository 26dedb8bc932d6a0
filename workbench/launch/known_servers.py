"""Well-known MCP servers and what they document that they do, as of November 2026.

A name stands for the npm or PyPI package, the image, the program and the Python module alike. A row without kinds is a
server that is known to need none of them: its name is not searched for telling words.
"""

from __future__ import annotations

import re

from workbench.model.launch import AbilityKind

# Names separated by blanks, what they can do, and how.
_ROWS: tuple[tuple[str, tuple[AbilityKind, ...], str], ...] = (
    # Files
    ("@modelcontextprotocol/server-filesystem mcp-server-filesystem server-filesystem mcp/filesystem"
     " rust-mcp-filesystem mcp/rust-mcp-filesystem mcp-filesystem-server", ("files",),
     "reads and writes the files of the directories it is given"),
    ("mcp-server-git mcp/git @cyanheads/git-mcp-server git-mcp-server", ("files",),
     "reads and changes the git repositories of the account"),
    ("mcp-obsidian obsidian-mcp obsidian-mcp-server mcp/obsidian", ("files",),
     "reads and writes the notes of a vault"),
    ("basic-memory", ("files",), "reads and writes Markdown files of the account"),
    ("markitdown-mcp mcp/markitdown", ("files", "network"), "reads any file or address it is asked to convert"),
    ("@morphllm/morphmcp @morph-llm/morph-fast-apply", ("files", "network"), "edits files with the help of a service"),
    ("excel-mcp-server @negokaz/excel-mcp-server", ("files",), "reads and writes workbooks"),
    ("office-word-mcp-server office-powerpoint-mcp-server", ("files",), "reads and writes documents"),
    ("mcp-pandoc", ("files",), "reads and writes the documents it converts"),
    ("mcp-text-editor", ("files",), "reads and edits any text file"),
    ("mcp-server-tree-sitter", ("files",), "reads the files of the projects it is told of"),
    ("@modelcontextprotocol/server-pdf", ("files", "network"), "reads PDF files and addresses of them"),
    ("@modelcontextprotocol/server-memory mcp-server-memory mcp/memory", (),
     "keeps a graph of notes in a file of its own"),
    # Commands
    ("@wonderwhy-er/desktop-commander desktop-commander mcp/desktop-commander", ("commands", "files"),
     "runs terminal commands and edits files"),
    ("mcp-server-commands @agent-infra/mcp-server-commands", ("commands",), "runs any command"),
    ("mcp-shell-server mcp-server-shell mcp-shell shell-mcp-server", ("commands",), "runs shell commands"),
    ("cli-mcp-server", ("commands",), "runs the commands of a list"),
    ("wcgw", ("commands", "files"), "runs shell commands and edits files"),
    ("codemcp", ("commands", "files"), "edits files and runs the commands of a project's own configuration"),
    ("bash-mcp", ("commands",), "runs shell commands"),
    ("iterm-mcp", ("commands",), "types into a terminal"),
    ("mcp-server-ssh mcp-ssh ssh-mcp ssh-mcp-server mcp-ssh-manager",
     ("commands", "network"), "runs commands on other hosts over SSH"),
    ("tmux-mcp mcp-tmux", ("commands",), "types into terminals"),
    ("@simonb97/server-win-cli", ("commands",), "runs commands of Windows' shells"),
    ("windows-mcp", ("commands", "files"), "drives the desktop and runs PowerShell"),
    ("super-shell-mcp mcp-terminal terminal-mcp", ("commands",), "runs shell commands"),
    ("mcp-kali-server kali-mcp-server", ("commands", "network"), "runs the tools of a penetration tester"),
    ("mcp-server-code-runner", ("commands",),
     "runs code that it is sent"),
    ("jupyter-mcp-server", ("commands", "files"), "runs the cells of notebooks"),
    ("@peakmojo/applescript-mcp", ("commands",), "runs AppleScript"),
    ("xcodebuildmcp", ("commands", "files"), "builds and runs projects of Xcode"),
    ("blender-mcp mcp-for-blender", ("commands",), "runs Python inside of Blender"),
    ("serena serena-agent", ("commands", "files"), "edits code and runs shell commands"),
    ("task-master-ai", ("files", "network"),
     "keeps tasks in files with the help of a model's service"),
    ("@21st-dev/magic", ("network",), "has components written by a service"),
    ("mcp-server-docker docker-mcp mcp/docker", ("commands",),
     "starts containers, which can be given the whole host"),
    ("kubernetes-mcp-server mcp-server-kubernetes mcp/kubernetes mcp-k8s-go", ("commands", "network"),
     "changes clusters and runs commands in their pods"),
    ("mcp-server-everything @modelcontextprotocol/server-everything mcp/everything", (),
     "exercises the protocol for tests"),
    # Network
    ("mcp-server-fetch mcp/fetch @tokenizin/mcp-npx-fetch fetch-mcp mcp-fetch-server", ("network",),
     "fetches any address it is asked for"),
    ("@modelcontextprotocol/server-brave-search @brave/brave-search-mcp-server mcp/brave-search"
     " mcp-server-brave-search", ("network",), "searches the web with Brave"),
    ("@modelcontextprotocol/server-github mcp/github github-mcp-server ghcr.io/github/github-mcp-server"
     " mcp-server-github", ("network",), "reads and writes repositories of GitHub"),
    ("@modelcontextprotocol/server-gitlab mcp/gitlab @zereight/mcp-gitlab mcp-server-gitlab", ("network",),
     "reads and writes projects of GitLab"),
    ("@modelcontextprotocol/server-slack mcp/slack slack-mcp-server mcp-server-slack", ("network",),
     "reads and posts messages of Slack"),
    ("@modelcontextprotocol/server-gdrive mcp/gdrive @piotr-agier/google-drive-mcp", ("network",),
     "reads files of Google Drive"),
    ("@modelcontextprotocol/server-google-maps mcp/google-maps", ("network",), "asks Google Maps"),
    ("@modelcontextprotocol/server-everart mcp/everart", ("network",), "asks EverArt for images"),
    ("@modelcontextprotocol/server-aws-kb-retrieval mcp/aws-kb-retrieval-server", ("network",),
     "asks knowledge bases of AWS"),
    ("mcp-server-sentry @sentry/mcp-server mcp/sentry", ("network",), "reads issues of Sentry"),
    ("@upstash/context7-mcp context7-mcp mcp/context7", ("network",), "asks Context7 for documentation"),
    ("@notionhq/notion-mcp-server mcp/notion", ("network",), "reads and writes pages of Notion"),
    ("mcp-atlassian mcp/atlassian ghcr.io/sooperset/mcp-atlassian @aashari/mcp-server-atlassian-jira", ("network",),
     "reads and writes Jira and Confluence"),
    ("firecrawl-mcp mcp/firecrawl", ("network",), "crawls and scrapes the web"),
    ("tavily-mcp mcp/tavily", ("network",), "searches the web with Tavily"),
    ("exa-mcp-server mcp/exa", ("network",), "searches the web with Exa"),
    ("@perplexity-ai/mcp-server server-perplexity-ask mcp/perplexity-ask", ("network",), "searches with Perplexity"),
    ("duckduckgo-mcp-server mcp/duckduckgo", ("network",), "searches the web and fetches what it finds"),
    ("@apify/actors-mcp-server", ("network",), "runs scrapers at Apify"),
    ("@brightdata/mcp", ("network",), "scrapes the web through Bright Data"),
    ("figma-developer-mcp", ("network",), "reads designs of Figma"),
    ("@stripe/mcp mcp/stripe", ("network",), "reads and writes at Stripe"),
    ("@cloudflare/mcp-server-cloudflare", ("network",), "reads and writes at Cloudflare"),
    ("@azure/mcp @azure-devops/mcp", ("network",), "reads and changes resources of Azure"),
    ("@google-cloud/gcloud-mcp", ("commands", "network"), "runs gcloud commands"),
    ("@google-cloud/cloud-run-mcp", ("files", "network"), "deploys folders of this host to Cloud Run"),
    ("@gongrzhe/server-gmail-autoauth-mcp", ("files", "network"), "reads and sends mail with attachments"),
    ("@cocal/google-calendar-mcp", ("network",), "reads and writes calendars"),
    ("@softeria/ms-365-mcp-server", ("network",), "reads and writes at Microsoft 365"),
    ("@salesforce/mcp", ("commands", "files", "network"), "works on projects and organisations of Salesforce"),
    ("@circleci/mcp-server-circleci", ("network",), "reads and starts pipelines of CircleCI"),
    ("@winor30/mcp-server-datadog", ("network",), "reads at Datadog"),
    ("@hubspot/mcp-server", ("network",), "reads and writes at HubSpot"),
    ("arxiv-mcp-server", ("files", "network"), "downloads papers of arXiv into a folder"),
    ("n8n-mcp", ("network",), "reads and changes workflows of n8n"),
    ("awslabs.aws-documentation-mcp-server mcp/aws-documentation", ("network",), "reads the documentation of AWS"),
    ("awslabs.aws-api-mcp-server", ("commands", "files", "network"), "runs AWS commands"),
    ("apple-mcp", ("network",), "reads and sends the messages and the mail of a Mac"),
    # Databases
    ("@modelcontextprotocol/server-postgres mcp/postgres mcp-server-postgres", ("database",), "queries PostgreSQL"),
    ("postgres-mcp crystaldba/postgres-mcp", ("database",), "queries and changes PostgreSQL"),
    ("mcp-server-sqlite mcp/sqlite", ("database",),
     "reads and changes an SQLite file"),
    ("@benborla29/mcp-server-mysql mcp-server-mysql mysql-mcp-server mysql-mcp", ("database",), "queries MySQL"),
    ("mongodb-mcp-server mcp/mongodb mongodb/mongodb-mcp-server mongo-mcp", ("database",), "reads and changes MongoDB"),
    ("@modelcontextprotocol/server-redis mcp/redis redis-mcp-server mcp-server-redis", ("database",),
     "reads and changes Redis"),
    ("@supabase/mcp-server-supabase", ("database", "network"), "reads and changes databases of Supabase"),
    ("@neondatabase/mcp-server-neon mcp/neon", ("database", "network"), "reads and changes databases of Neon"),
    ("mcp-clickhouse mcp/clickhouse", ("database",), "queries ClickHouse"),
    ("mcp-server-motherduck", ("database", "files", "network"), "queries DuckDB, files included, and MotherDuck"),
    ("mcp-alchemy", ("database",), "queries the database it is given"),
    ("@bytebase/dbhub bytebase/dbhub", ("database",), "queries the database it is given"),
    ("mcp-server-bigquery", ("database", "network"), "queries BigQuery"),
    ("mcp-server-snowflake snowflake-labs-mcp", ("database", "network"), "queries Snowflake"),
    ("mcp-neo4j-cypher mcp/neo4j-cypher", ("database",), "queries and changes Neo4j"),
    ("mcp-server-qdrant", ("database",), "stores and finds texts in Qdrant"),
    ("chroma-mcp mcp/chroma", ("database",), "stores and finds texts in Chroma"),
    ("@elastic/mcp-server-elasticsearch mcp/elasticsearch", ("database",),
     "queries Elasticsearch"),
    # Browsers
    ("@playwright/mcp mcp/playwright @executeautomation/playwright-mcp-server playwright-mcp mcp-server-playwright"
     " mcr.microsoft.com/playwright/mcp", ("browser", "network"), "drives a browser"),
    ("@modelcontextprotocol/server-puppeteer mcp/puppeteer puppeteer-mcp-server", ("browser", "network"),
     "drives a browser"),
    ("chrome-devtools-mcp", ("browser", "network"), "drives Chrome through its developer tools"),
    ("@browsermcp/mcp", ("browser", "network"), "drives the browser that the user is logged in with"),
    ("mcp-server-browserbase @browserbasehq/mcp-server-browserbase", ("browser", "network"),
     "drives a browser in the cloud"),
    ("browser-use browser-use-mcp-server", ("browser", "network"), "drives a browser"),
    ("@agent-infra/mcp-server-browser", ("browser", "network"), "drives a browser"),
    ("mcp-server-selenium @angiejones/mcp-selenium", ("browser", "network"), "drives a browser"),
    # None of these
    ("mcp-run-python @pydantic/mcp-run-python", (), "runs Python in a sandbox of its own"),
    ("mcp-server-time mcp/time", (), "tells the time"),
    ("@modelcontextprotocol/server-sequential-thinking mcp-server-sequential-thinking mcp/sequentialthinking"
     " mcp-sequentialthinking-tools", (), "keeps thoughts in memory"),
    ("mcp-server-calculator", (), "calculates"),
    ("@antv/mcp-server-chart", ("network",), "has charts drawn by a service"),
    ("mcp-mermaid", ("files",), "draws diagrams into files"),
    ("mcp-hello-world", (), "says hello"),
    ("@eslint/mcp", ("files",), "lints the files of a project"),
    ("mcp-shellcheck", (), "checks the text of scripts"),
)  # fmt: skip
_SEPARATORS = re.compile(r"[._-]+")


def plain_name(name: str) -> str:
    """A name as the table has it: npm, PyPI and Python itself write the same one differently."""
    return _SEPARATORS.sub("-", name.lower())


KNOWN = {plain_name(name): (name, kinds, does) for names, kinds, does in _ROWS for name in names.split()}
"""By its plain name the name a server is known under, what it can do, and in words what it does."""
