from services.comments.commands import main

main()
