from services.ingestion.commands import main

main()
